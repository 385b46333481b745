// The comparison viewer: two of an image's pictures with a slider, side by side, or their difference.
// Every element with the class `viewer` becomes one (docs/reports.md); without this script it is a list of pictures.
"use strict";
(() => {
  const STEP = 1.25;
  const MOST = 64;
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  class Viewer {
    constructor(root, number) {
      this.root = root;
      this.frame = { width: Number(root.dataset.width), height: Number(root.dataset.height) };
      this.figures = [...root.querySelectorAll("figure[data-src]")];
      this.pictures = new Map(this.figures.map((figure) => [figure.dataset.label, figure.dataset]));
      if (this.pictures.size < 2 || !this.frame.width) return;
      this.view = { mode: "slider", split: 50, zoom: null, x: this.frame.width / 2, y: this.frame.height / 2, gain: 4 };
      this.chosen = { left: this.known(root.dataset.left, 0), right: this.known(root.dataset.right, 1) };
      this.shared = root.hasAttribute("data-permalink");
      this.build(`viewer${number}`);
      this.listen();
      if (this.shared) {
        this.restore();
        addEventListener("hashchange", () => this.restore());
      }
      new ResizeObserver(() => this.draw()).observe(this.stage);
      this.draw();
    }

    known(label, place) {
      return this.pictures.has(label) ? label : [...this.pictures.keys()][place];
    }

    // ---- what it is made of

    build(id) {
      const choice = (side) => {
        const select = make("select", { id: `${id}-${side}` });
        for (const [label, data] of this.pictures) {
          select.append(make("option", { value: label }, data.caption ? `${label} · ${data.caption}` : label));
        }
        select.addEventListener("change", () => this.choose({ [side]: select.value }));
        return select;
      };
      this.selects = { left: choice("left"), right: choice("right") };
      this.modes = make("fieldset", { class: "segments" }, make("legend", { class: "visually-hidden" }, "How to compare"));
      for (const [value, text] of [["slider", "slider"], ["side", "side by side"], ["difference", "difference"]]) {
        const input = make("input", { type: "radio", name: `${id}-mode`, value, id: `${id}-${value}` });
        input.addEventListener("change", () => this.look({ mode: value }));
        this.modes.append(input, make("label", { for: input.id }, text));
      }
      this.gain = make("select", { id: `${id}-gain` });
      for (const gain of [1, 2, 4, 8, 16]) this.gain.append(make("option", { value: gain }, `× ${gain}`));
      this.gain.addEventListener("change", () => this.look({ gain: Number(this.gain.value) }));
      this.gainLabel = make("label", { class: "field" }, make("span", {}, "amplified"), this.gain);
      this.zoomed = make("output", { class: "zoomed" });
      const bar = make("div", { class: "viewer-bar" },
        make("label", { class: "field" }, make("span", {}, "left"), this.selects.left),
        this.button("⇄", "Swap left and right", () => this.swap()),
        make("label", { class: "field" }, make("span", {}, "right"), this.selects.right),
        this.modes, this.gainLabel,
        make("div", { class: "zooms" },
          this.button("−", "Zoom out", () => this.scale(1 / STEP)), this.zoomed,
          this.button("+", "Zoom in", () => this.scale(STEP)),
          this.button("fit", "Show the whole image", () => this.look({ zoom: null })),
          this.button("1:1", "One pixel of the image to one of the page", () => this.look({ zoom: 1 }))));
      this.panes = {};
      this.tags = {};
      this.layers = make("div", { class: "viewer-layers" });
      for (const side of ["left", "right"]) {
        const image = make("img", { alt: "", draggable: "false", decoding: "async" });
        this.tags[side] = make("span", { class: `viewer-tag ${side}`, "aria-hidden": "true" });
        this.panes[side] = { image, element: make("div", { class: `viewer-pane ${side}` }, image) };
        this.layers.append(this.panes[side].element);
      }
      this.divider = make("div", { class: "viewer-divider" }, make("span", { class: "viewer-grip", "aria-hidden": "true" }, "‹ ›"));
      this.range = make("input", { type: "range", class: "viewer-range", min: 0, max: 100, step: 0.5, "aria-label": "Divider between left and right" });
      this.stage = make("div", { class: "viewer-stage", tabindex: "0", role: "group" },
        this.layers, this.divider, this.tags.left, this.tags.right);
      this.root.prepend(bar, this.stage, this.range,
        make("p", { class: "hint" }, "Drag the divider, or use the arrow keys on the slider below the image. With the image in focus: + and − zoom, " +
          "arrows move, 0 fits, 1 shows pixels 1:1, x swaps, d shows the difference; Ctrl and the wheel zoom as well."));
      for (const figure of this.figures) this.offer(figure);
      this.root.classList.add("ready");
    }

    button(text, label, act) {
      const button = make("button", { type: "button", "aria-label": label, title: label }, text);
      button.addEventListener("click", act);
      return button;
    }

    /** A picture of the list becomes a button that shows it on the right. */
    offer(figure) {
      const link = figure.querySelector("a");
      const button = make("button", { type: "button", class: "offer", "aria-pressed": "false", title: "Show on the right; with Shift, on the left" });
      button.append(...link.childNodes);
      link.replaceWith(button);
      button.addEventListener("click", (event) => this.choose({ [event.shiftKey ? "left" : "right"]: figure.dataset.label }));
    }

    // ---- what changes

    choose(changes) {
      Object.assign(this.chosen, changes);
      this.changed();
    }

    swap() {
      this.choose({ left: this.chosen.right, right: this.chosen.left });
    }

    look(changes) {
      Object.assign(this.view, changes);
      this.changed();
    }

    /** Zooms by a factor; the point of the pane that is given, or else its middle, stays where it is. */
    scale(factor, point = null) {
      const before = this.zoom();
      const after = clamp(before * factor, this.fit(), MOST);
      const pane = this.pane();
      const at = point || { x: pane.width / 2, y: pane.height / 2 };
      const shift = (middle, size, place) => middle + (place - size / 2) * (1 / before - 1 / after);
      this.look({
        zoom: after <= this.fit() ? null : after,
        x: shift(this.view.x, pane.width, at.x),
        y: shift(this.view.y, pane.height, at.y),
      });
    }

    move(dx, dy) {
      this.look({ x: this.view.x - dx / this.zoom(), y: this.view.y - dy / this.zoom() });
    }

    changed() {
      this.draw();
      if (!this.shared) return;
      const { mode, split, zoom, x, y, gain } = this.view;
      window.permalink.write({
        left: this.chosen.left, right: this.chosen.right,
        mode: mode === "slider" ? null : mode, split: split === 50 ? null : split, gain: gain === 4 ? null : gain,
        zoom: zoom === null ? null : zoom.toFixed(3), at: zoom === null ? null : `${x.toFixed(1)},${y.toFixed(1)}`,
      });
    }

    restore() {
      const values = window.permalink.read();
      const number = (text, low, high, otherwise) => (text !== null && isFinite(text) ? clamp(Number(text), low, high) : otherwise);
      const [x, y] = (values.get("at") || "").split(",");
      this.chosen = { left: this.known(values.get("left") ?? this.chosen.left, 0), right: this.known(values.get("right") ?? this.chosen.right, 1) };
      this.view = {
        mode: ["side", "difference"].includes(values.get("mode")) ? values.get("mode") : "slider",
        split: number(values.get("split"), 0, 100, 50), gain: number(values.get("gain"), 1, 16, 4),
        zoom: number(values.get("zoom"), 0.01, MOST, null),
        x: number(x || null, 0, this.frame.width, this.frame.width / 2), y: number(y || null, 0, this.frame.height, this.frame.height / 2),
      };
      this.draw();
    }

    // ---- where things are

    pane() {
      const half = this.view.mode === "side" ? 2 : 1;
      return { width: this.stage.clientWidth / half, height: this.stage.clientHeight };
    }

    fit() {
      const pane = this.pane();
      return Math.min(pane.width / this.frame.width, pane.height / this.frame.height);
    }

    zoom() {
      return Math.max(this.view.zoom ?? 0, this.fit());
    }

    draw() {
      const { view, chosen } = this;
      this.stage.dataset.mode = view.mode;
      const pane = this.pane();
      if (!pane.width) return;
      const zoom = this.zoom();
      const inside = (middle, size, room) => (room >= size * zoom ? size / 2 : clamp(middle, room / 2 / zoom, size - room / 2 / zoom));
      view.x = inside(view.x, this.frame.width, pane.width);
      view.y = inside(view.y, this.frame.height, pane.height);
      const transform = `translate(${pane.width / 2 - view.x * zoom}px, ${pane.height / 2 - view.y * zoom}px) scale(${zoom})`;
      for (const side of ["left", "right"]) {
        const { image } = this.panes[side];
        const data = this.pictures.get(chosen[side]);
        if (image.dataset.label !== chosen[side]) {
          image.src = data.src;
          image.dataset.label = chosen[side];
          image.alt = `${chosen[side]}, ${side}`;
        }
        image.style.width = `${this.frame.width}px`;
        image.style.height = `${this.frame.height}px`;
        image.style.transform = transform;
        image.style.imageRendering = zoom >= 1 ? "pixelated" : "auto";
        this.selects[side].value = chosen[side];
        this.tags[side].textContent = data.caption ? `${chosen[side]} · ${data.caption}` : chosen[side];
      }
      const sliding = view.mode === "slider";
      this.panes.right.element.style.clipPath = sliding ? `inset(0 0 0 ${view.split}%)` : "none";
      this.divider.style.left = `${view.split}%`;
      this.layers.style.filter = view.mode === "difference" ? `brightness(${view.gain})` : "none";
      this.stage.classList.toggle("pannable", zoom > this.fit() * 1.001);
      this.range.value = view.split;
      this.range.disabled = !sliding;
      this.range.setAttribute("aria-valuetext", `${Math.round(view.split)} % ${chosen.left}, the rest ${chosen.right}`);
      this.stage.setAttribute("aria-label", `${chosen.left} and ${chosen.right}, ${view.mode === "side" ? "side by side" : view.mode}`);
      this.gainLabel.hidden = view.mode !== "difference";
      this.gain.value = view.gain;
      this.modes.querySelector(`input[value=${view.mode}]`).checked = true;
      this.zoomed.textContent = `${Math.round(zoom * 100)} %`;
      for (const figure of this.figures) {
        const label = figure.dataset.label;
        figure.querySelector(".offer").setAttribute("aria-pressed", String(label === chosen.left || label === chosen.right));
        figure.dataset.side = label === chosen.left ? "left" : label === chosen.right ? "right" : "";
      }
    }

    // ---- hands

    listen() {
      this.range.addEventListener("input", () => this.look({ split: Number(this.range.value) }));
      this.stage.addEventListener("keydown", (event) => this.key(event));
      this.stage.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && document.activeElement !== this.stage) return; // the page scrolls
        event.preventDefault();
        this.scale(event.deltaY < 0 ? STEP : 1 / STEP, this.place(event));
      }, { passive: false });
      this.stage.addEventListener("dblclick", (event) => this.scale(event.shiftKey ? 0.5 : 2, this.place(event)));
      this.pointers = new Map();
      this.stage.addEventListener("pointerdown", (event) => this.press(event));
      this.stage.addEventListener("pointermove", (event) => this.drag(event));
      for (const name of ["pointerup", "pointercancel"]) {
        this.stage.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
      }
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const far = 60;
      const acts = {
        "+": () => this.scale(STEP), "=": () => this.scale(STEP), "-": () => this.scale(1 / STEP),
        0: () => this.look({ zoom: null }), 1: () => this.look({ zoom: 1 }), x: () => this.swap(),
        d: () => this.look({ mode: this.view.mode === "difference" ? "slider" : "difference" }),
        ArrowLeft: () => this.move(far, 0), ArrowRight: () => this.move(-far, 0),
        ArrowUp: () => this.move(0, far), ArrowDown: () => this.move(0, -far),
      };
      const act = acts[event.key];
      if (!act || (event.key.startsWith("Arrow") && !this.stage.classList.contains("pannable"))) return;
      event.preventDefault();
      act();
    }

    /** Where an event is in the pane under it. */
    place(event) {
      const box = this.stage.getBoundingClientRect();
      const pane = this.pane();
      return { x: (event.clientX - box.left) % (pane.width + 0.001), y: event.clientY - box.top };
    }

    press(event) {
      if (event.button !== 0) return;
      const box = this.stage.getBoundingClientRect();
      const near = Math.abs(event.clientX - box.left - (box.width * this.view.split) / 100) < 24;
      this.sliding = this.view.mode === "slider" && (near || !this.stage.classList.contains("pannable"));
      this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      this.stage.setPointerCapture(event.pointerId);
      if (this.sliding && event.pointerType !== "touch") this.slide(event);
    }

    drag(event) {
      const last = this.pointers.get(event.pointerId);
      if (!last) return;
      const now = { x: event.clientX, y: event.clientY };
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
      this.pointers.set(event.pointerId, now);
      if (other) {
        const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
        this.scale(apart(now) / apart(last), this.place({ clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 }));
      } else if (this.sliding) this.slide(event);
      else this.move(now.x - last.x, now.y - last.y);
    }

    slide(event) {
      const box = this.stage.getBoundingClientRect();
      this.look({ split: clamp(Math.round(((event.clientX - box.left) / box.width) * 1000) / 10, 0, 100) });
    }
  }

  document.querySelectorAll(".viewer").forEach((root, number) => new Viewer(root, number));
})();
