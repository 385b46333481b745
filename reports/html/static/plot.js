// Plots that answer: a point says what it is and leads to its page, and points and rows of tables show one another.
"use strict";
(() => {
  const here = window.restobench;
  const { make, permalink } = here;
  const REACH = 12; // of a pointer, in the plot's own units
  const picked = new Set((permalink.read().get("pick") ?? "").split("\n").filter(Boolean));

  const svgElement = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  class Plot {
    constructor(figure) {
      this.figure = figure;
      this.marks = JSON.parse(figure.dataset.marks);
      this.dots = this.marks.some((mark) => mark.image !== undefined);
      this.svg = figure.querySelector("svg");
      const { width, height } = this.svg.viewBox.baseVal;
      this.area = { x: 2, y: 2, width: width - 4, height: height - 4 };
      this.rings = svgElement("g", { class: "rings" });
      this.names = svgElement("g", { class: "names" });
      this.ring = svgElement("circle", { class: "current", r: this.dots ? 4 : 8, fill: "none", stroke: "var(--ink)", "stroke-width": 2, visibility: "hidden" });
      this.brush = svgElement("rect", { class: "brush", fill: "var(--accent)", "fill-opacity": 0.12, stroke: "var(--accent)", visibility: "hidden" });
      this.svg.append(this.rings, this.names, this.ring, this.brush);
      this.box = figure.querySelector(".plot");
      this.box.classList.add("live");
      const label = `${figure.dataset.name} Arrow keys go from point to point, Enter opens, Space selects.`;
      for (const [name, value] of Object.entries({ role: "group", tabindex: 0, "aria-label": label })) this.box.setAttribute(name, value);
      this.said = make("output", { class: "plot-said", "aria-live": "polite" });
      this.box.after(this.said);
      this.current = null;
      this.listen();
      new ResizeObserver(() => this.draw()).observe(this.box); // what is folded up cannot be measured
    }

    // ---- what it shows

    draw() {
      if (!this.box.offsetWidth) return;
      const chosen = this.marks.filter((mark) => picked.has(mark.name));
      this.rings.replaceChildren(...chosen.map((mark) => svgElement("circle", {
        cx: mark.x, cy: mark.y, r: this.dots ? 3 : 6, fill: "none", stroke: "var(--tie)", "stroke-width": 2,
      })));
      if (this.dots) return;
      const front = this.marks.filter((mark) => mark.front && !picked.has(mark.name));
      const all = [...chosen, ...front, ...(this.marks.length <= 14 ? this.marks.filter((mark) => !mark.front && !picked.has(mark.name)) : [])];
      here.placeLabels(this.names, all, this.marks, this.area);
    }

    show(mark) {
      this.current = mark;
      this.ring.setAttribute("visibility", mark ? "visible" : "hidden");
      this.box.classList.toggle("pointing", Boolean(mark?.link));
      if (!mark) {
        this.said.textContent = "";
        return;
      }
      this.ring.setAttribute("cx", mark.x);
      this.ring.setAttribute("cy", mark.y);
      const name = mark.image === undefined ? mark.name : `${mark.name}, ${mark.image}`;
      this.said.replaceChildren(make("b", {}, name), ` ${mark.words}${mark.image !== undefined && !mark.link ? " (the image has no page)" : ""}`);
    }

    open(mark) {
      if (!mark?.link) return;
      const right = mark.image === undefined ? "" : `#${new URLSearchParams({ right: mark.name })}`;
      location.href = `${this.figure.dataset.base}${mark.link}${right}`;
    }

    // ---- hands

    place(event) {
      const box = this.svg.getBoundingClientRect();
      const { width, height } = this.svg.viewBox.baseVal;
      return { x: ((event.clientX - box.left) / box.width) * width, y: ((event.clientY - box.top) / box.height) * height };
    }

    nearest(point, reach = REACH) {
      let best = null;
      let least = reach;
      for (const mark of this.marks) {
        const distance = Math.hypot(mark.x - point.x, mark.y - point.y);
        if (distance < least) [best, least] = [mark, distance];
      }
      return best;
    }

    listen() {
      let from = null;
      this.svg.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || event.pointerType === "touch") return;
        from = this.place(event);
        this.svg.setPointerCapture(event.pointerId);
      });
      this.svg.addEventListener("pointermove", (event) => {
        const now = this.place(event);
        const found = this.nearest(now);
        this.show(found);
        brushRows(found ? [found.name] : [], "pointed");
        if (from && !this.dots) this.stretch(from, now);
      });
      this.svg.addEventListener("pointerup", (event) => {
        const now = this.place(event);
        const moved = from && !this.dots && Math.hypot(now.x - from.x, now.y - from.y) > 6;
        if (moved) this.take(from, now, event.shiftKey);
        from = null;
        this.brush.setAttribute("visibility", "hidden");
        this.dragged = moved;
      });
      this.svg.addEventListener("click", (event) => {
        if (!this.dragged) this.open(this.nearest(this.place(event)));
        this.dragged = false;
      });
      this.svg.addEventListener("pointerleave", () => {
        this.show(null);
        brushRows([], "pointed");
      });
      this.box.addEventListener("keydown", (event) => this.key(event));
      this.box.addEventListener("blur", () => this.show(null));
    }

    stretch(from, to) {
      const edges = { x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y), visibility: "visible" };
      for (const [name, value] of Object.entries(edges)) this.brush.setAttribute(name, value);
    }

    take(from, to, more) {
      const [left, right] = [from.x, to.x].sort((a, b) => a - b);
      const [top, bottom] = [from.y, to.y].sort((a, b) => a - b);
      const inside = this.marks.filter((mark) => mark.x >= left && mark.x <= right && mark.y >= top && mark.y <= bottom);
      pick(inside.map((mark) => mark.name), more);
    }

    key(event) {
      const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      if (ways[event.key]) this.show(this.next(ways[event.key]));
      else if (event.key === "Enter") this.open(this.current);
      else if (event.key === " " && this.current) pick([this.current.name], true, true);
      else if (event.key === "Escape" && picked.size) pick([]);
      else return;
      event.preventDefault();
    }

    /** The next point in a direction: the closest, with what lies aside counted more. */
    next([dx, dy]) {
      if (!this.current) return this.marks.reduce((first, mark) => (mark.x < first.x ? mark : first));
      const far = (mark) => {
        const [along, aside] = dx ? [(mark.x - this.current.x) * dx, Math.abs(mark.y - this.current.y)] : [(mark.y - this.current.y) * dy, Math.abs(mark.x - this.current.x)];
        return along > 0 || (along === 0 && this.marks.indexOf(mark) > this.marks.indexOf(this.current) && aside === 0 && dx + dy > 0) ? along + 2 * aside : Infinity;
      };
      const best = this.marks.reduce((first, mark) => (far(mark) < far(first) ? mark : first), this.current);
      return best;
    }
  }

  // ---- rows and points together

  const nameOf = (row) => row.dataset.restorer ?? row.querySelector("th[scope='row'] a")?.textContent ?? row.querySelector("th[scope='row']")?.dataset.value;

  const brushRows = (names, how) => {
    const wanted = new Set(names);
    for (const row of document.querySelectorAll(".board tbody tr:not(.group)")) row.classList.toggle(how, wanted.has(nameOf(row)));
  };

  /** Selects restorers: in place of those selected, besides them, or turning them over. */
  const pick = (names, more = false, over = false) => {
    if (!more) picked.clear();
    for (const name of names) {
      if (over && picked.has(name)) picked.delete(name);
      else picked.add(name);
    }
    permalink.write({ pick: [...picked].join("\n") || null });
    brushRows(picked, "picked");
    for (const plot of plots) plot.draw();
  };

  const plots = [...document.querySelectorAll("figure[data-marks]")].map((figure) => new Plot(figure));
  if (!plots.length) return;
  document.addEventListener("restobench:rows", () => brushRows(picked, "picked"));
  document.addEventListener("pointerover", (event) => {
    const row = event.target.closest?.(".board tbody tr:not(.group)");
    if (!row) return;
    const name = nameOf(row);
    for (const plot of plots) if (!plot.dots) plot.show(plot.marks.find((mark) => mark.name === name) ?? null);
  });
  document.addEventListener("pointerout", (event) => {
    if (event.target.closest?.(".board tbody tr:not(.group)")) for (const plot of plots) plot.show(null);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && picked.size) pick([]);
  });
  brushRows(picked, "picked");
})();
