// The comparison viewer: an image's pictures with a slider, side by side, in turn, in a grid, or their difference.
// Every element with the class `viewer` becomes one (docs/reports.md); without this script it is a list of pictures.
"use strict";
(() => {
  const here = window.restobench;
  const { clamp, make, button, permalink } = here;
  const MODES = [["slider", "slider"], ["side", "side by side"], ["blink", "blink"], ["grid", "grid"], ["difference", "difference"]];
  const BLINK = 600; // milliseconds: less than three flashes a second
  const GRID = 6;
  const start = (frame, labels) => ({
    mode: "slider", split: 50, zoom: null, x: frame.width / 2, y: frame.height / 2, gain: 4, of: "rgb", as: "absolute",
    grid: labels, region: null, lines: true, flipped: false, cross: null, drawing: false,
  });

  class Viewer {
    constructor(root, number) {
      this.root = root;
      this.id = `viewer${number}`;
      this.frame = { width: Number(root.dataset.width), height: Number(root.dataset.height) };
      this.figures = [...root.querySelectorAll("figure[data-src]")];
      this.pictures = new Map(this.figures.map((figure) => [figure.dataset.label, { ...figure.dataset, kind: figure.classList[1] }]));
      if (this.pictures.size < 2 || !this.frame.width) return;
      this.labels = [...this.pictures.keys()];
      this.restored = this.labels.filter((label) => this.pictures.get(label).kind === "restored");
      this.chosen = { left: this.known(root.dataset.left, 0), right: this.known(root.dataset.right, 1) };
      this.view = start(this.frame, this.some([]));
      this.shared = root.hasAttribute("data-permalink");
      this.parts = []; // what else is drawn when something changes
      this.build();
      here.hands(this);
      for (const part of [here.compare, here.readout, here.sheet]) part?.(this);
      if (this.shared) {
        this.restore();
        addEventListener("hashchange", () => this.restore());
      }
      this.draw();
      this.stage.fill();
    }

    known(label, place) {
      return this.pictures.has(label) ? label : this.labels[place];
    }

    /** Those of some labels that there are, or else the first few, for the grid. */
    some(labels) {
      const known = labels.filter((label) => this.pictures.has(label));
      if (known.length) return known;
      const others = this.labels.filter((label) => !this.restored.includes(label));
      return [...others, ...this.restored.slice(0, GRID - others.length)];
    }

    titled(label) {
      const { caption } = this.pictures.get(label);
      return caption ? `${label} · ${caption}` : label;
    }

    // ---- what it is made of

    build() {
      const choice = (side) => {
        const { select, label } = here.select(`${this.id}-${side}`, side, this.labels.map((name) => [name, this.titled(name)]), (value) => this.choose({ [side]: value }));
        this.selects[side] = select;
        return label;
      };
      this.selects = {};
      this.modes = make("fieldset", { class: "segments" }, make("legend", { class: "visually-hidden" }, "How to compare"));
      for (const [value, text] of MODES) {
        const input = make("input", { type: "radio", name: `${this.id}-mode`, value, id: `${this.id}-${value}` });
        input.addEventListener("change", () => this.look({ mode: value }));
        this.modes.append(input, make("label", { for: input.id }, text));
      }
      this.zoomed = make("output", { class: "zoomed", "aria-label": "Zoom" });
      this.lines = button("#", "Lines between pixels, where they are large", () => this.look({ lines: !this.view.lines }), { "aria-pressed": "true" });
      this.tools = make("div", { class: "zooms" },
        button("−", "Zoom out", () => this.stage.scale(this.stage.step(-1))), this.zoomed,
        button("+", "Zoom in", () => this.stage.scale(this.stage.step(1))),
        button("fit", "Show the whole image", () => this.look({ zoom: null })),
        button("1:1", "A pixel of the image to a pixel of the display", () => this.stage.scale(1)), this.lines,
        button("full", "Full screen", () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen?.())));
      this.auto = make("input", { type: "checkbox" });
      this.auto.addEventListener("change", () => this.blink(this.auto.checked));
      this.blinkLabel = make("label", { class: "field" }, this.auto, make("span", {}, "in turn by itself"));
      this.bar = make("div", { class: "viewer-bar" }, choice("left"), button("⇄", "Swap left and right", () => this.swap()), choice("right"),
        this.modes, this.blinkLabel, this.tools);
      this.range = make("input", { type: "range", class: "viewer-range", min: 0, max: 100, step: 0.5, "aria-label": "Divider between left and right" });
      this.range.addEventListener("input", () => this.look({ split: Number(this.range.value) }));
      this.stage = new here.Stage(this, this.frame);
      this.foot = make("div", { class: "viewer-foot" }, this.range);
      this.root.prepend(this.bar, this.stage.element, this.foot);
      for (const figure of this.figures) this.offer(figure);
      this.root.classList.add("ready");
      this.root.querySelector(".viewer-keys").hidden = false;
      addEventListener("fullscreenchange", () => this.stage.fill());
    }

    /** A picture of the list becomes a button: it shows it on the right, or has it in the grid. */
    offer(figure) {
      const link = figure.querySelector("a");
      const offer = make("button", { type: "button", class: "offer", "aria-pressed": "false", title: "Show on the right; with Shift, on the left; in the grid, show or hide" });
      offer.append(...link.childNodes);
      link.replaceWith(offer);
      const { label } = figure.dataset;
      const place = this.restored.indexOf(label);
      if (place >= 0 && place < 9) offer.append(make("kbd", { "aria-hidden": "true" }, String(place + 1)));
      offer.addEventListener("click", (event) => {
        if (this.view.mode === "grid") this.toggle(label);
        else this.choose({ [event.shiftKey ? "left" : "right"]: label });
      });
    }

    /** The height of what lies below the stage and belongs to it. */
    below() {
      return this.foot.offsetHeight + 14;
    }

    // ---- what changes

    choose(changes) {
      Object.assign(this.chosen, changes);
      this.changed();
    }

    swap() {
      this.choose({ left: this.chosen.right, right: this.chosen.left });
    }

    toggle(label) {
      const { grid } = this.view;
      const without = grid.filter((item) => item !== label);
      const wanted = without.length < grid.length ? without : this.labels.filter((item) => item === label || grid.includes(item));
      if (wanted.length) this.look({ grid: wanted });
    }

    look(changes) {
      Object.assign(this.view, changes);
      this.changed();
    }

    /** Shows the other of the two, by itself again and again or once. */
    blink(byItself = null) {
      if (byItself === null) this.look({ mode: "blink", flipped: this.view.mode === "blink" && !this.view.flipped });
      clearInterval(this.timer);
      this.auto.checked = Boolean(byItself);
      if (byItself) {
        this.timer = setInterval(() => (this.view.mode === "blink" ? this.look({ flipped: !this.view.flipped }) : this.blink(false)), BLINK);
      }
    }

    move(dx, dy) {
      const zoom = this.stage.zoom();
      this.look({ x: this.view.x - dx / zoom, y: this.view.y - dy / zoom });
    }

    // ---- the address

    changed() {
      this.draw();
      if (!this.shared) return;
      const { mode, split, zoom, x, y, gain, of, as, grid, region, lines } = this.view;
      const unless = (usual, value) => (value === usual ? null : value);
      permalink.write({
        left: this.chosen.left, right: this.chosen.right, mode: unless("slider", mode), split: unless(50, split),
        gain: unless(4, gain), of: unless("rgb", of), as: unless("absolute", as), lines: lines ? null : 0,
        zoom: zoom === null ? null : Number(zoom.toFixed(3)), at: zoom === null ? null : `${x.toFixed(1)},${y.toFixed(1)}`,
        grid: mode === "grid" ? grid.join("\n") : null, region: region ? region.join(",") : null,
      });
    }

    restore() {
      const values = permalink.read();
      const number = (text, low, high, otherwise) => (text && isFinite(text) ? clamp(Number(text), low, high) : otherwise);
      const among = (name, items, usual) => (items.includes(values.get(name)) ? values.get(name) : usual);
      const [x, y] = (values.get("at") || "").split(",");
      const { width, height } = this.frame;
      this.chosen = { left: this.known(values.get("left") ?? this.chosen.left, 0), right: this.known(values.get("right") ?? this.chosen.right, 1) };
      Object.assign(this.view, {
        mode: among("mode", MODES.map((item) => item[0]), "slider"), split: number(values.get("split"), 0, 100, 50), gain: number(values.get("gain"), 1, 32, 4),
        of: among("of", ["luma", "red", "green", "blue"], "rgb"), as: among("as", ["signed", "colours"], "absolute"), lines: values.get("lines") !== "0",
        zoom: number(values.get("zoom"), 0.01, here.MOST_ZOOM, null), x: number(x, 0, width, width / 2), y: number(y, 0, height, height / 2),
        grid: this.some((values.get("grid") ?? "").split("\n")), region: this.within((values.get("region") ?? "").split(",").map(Number)),
      });
      this.draw();
    }

    /** A region as it fits into the image: whole pixels; null where it is none. */
    within(region) {
      if (region.length !== 4 || !region.every(Number.isFinite)) return null;
      const width = clamp(Math.round(region[2]), 1, this.frame.width);
      const height = clamp(Math.round(region[3]), 1, this.frame.height);
      return [clamp(Math.round(region[0]), 0, this.frame.width - width), clamp(Math.round(region[1]), 0, this.frame.height - height), width, height];
    }

    // ---- how it looks

    draw() {
      const { view, chosen, stage } = this;
      if (!stage?.size.width) return;
      stage.draw();
      for (const side of ["left", "right"]) this.selects[side].value = chosen[side];
      this.range.value = view.split;
      this.range.hidden = view.mode !== "slider";
      this.range.setAttribute("aria-valuetext", `${Math.round(view.split)} % ${chosen.left}, the rest ${chosen.right}`);
      const how = { side: "side by side", blink: "in turn", grid: "grid" }[view.mode] ?? view.mode;
      stage.element.setAttribute("aria-label", view.mode === "grid" ? `Grid of ${view.grid.join(", ")}` : `${chosen.left} and ${chosen.right}, ${how}`);
      this.blinkLabel.hidden = view.mode !== "blink";
      this.modes.querySelector(`input[value=${view.mode}]`).checked = true;
      this.lines.setAttribute("aria-pressed", String(view.lines));
      const zoom = stage.zoom();
      this.zoomed.textContent = zoom >= 1 ? `${Number(zoom.toFixed(2))}:1` : `${Math.round(zoom * 100)} %`;
      for (const figure of this.figures) {
        const { label } = figure.dataset;
        const shown = view.mode === "grid" ? view.grid.includes(label) : label === chosen.left || label === chosen.right;
        figure.querySelector(".offer").setAttribute("aria-pressed", String(shown));
        figure.dataset.side = view.mode === "grid" ? "" : label === chosen.left ? "left" : label === chosen.right ? "right" : "";
      }
      for (const part of this.parts) part();
      if (this.filled === view.mode) return;
      this.filled = view.mode; // what lies above the stage is another now
      stage.fill();
    }

    /** The difference as a canvas; `compare.js` makes it. */
    difference() {
      return null;
    }
  }

  // other scripts add to it before it is built
  addEventListener("DOMContentLoaded", () => {
    here.viewers = [...document.querySelectorAll(".viewer")].map((root, number) => new Viewer(root, number));
  });
})();
