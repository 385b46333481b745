// The stage of the comparison viewer: a canvas of the display's own pixels, and what is where on it.
// Zoom is in pixels of the display to a pixel of the image: whole numbers are sharp on any display.
"use strict";
(() => {
  const here = window.restobench;
  const { clamp, make } = here;
  const STEPS = [1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64];
  const MOST = STEPS.at(-1);
  const GRID_FROM = 8; // a pixel of the image that is so large gets a line around it
  const GAP = 3;

  class Stage {
    /** `viewer` says what to show: its `view`, `chosen`, `pictures` and `difference()`. */
    constructor(viewer, frame) {
      this.viewer = viewer;
      this.frame = frame;
      this.images = new Map();
      this.size = { width: 0, height: 0 };
      this.canvas = make("canvas", { class: "viewer-canvas", "aria-hidden": "true" });
      this.divider = make("div", { class: "viewer-divider" }, make("span", { class: "viewer-grip", "aria-hidden": "true" }, "‹ ›"));
      this.tags = make("div", { class: "viewer-tags", "aria-hidden": "true" });
      this.element = make("div", { class: "viewer-stage", tabindex: "0", role: "group" }, this.canvas, this.divider, this.tags);
      new ResizeObserver(() => this.resize()).observe(this.element);
      addEventListener("resize", () => {
        this.fill();
        this.resize(); // the density may have changed and not the size
      });
    }

    /** The canvas has whole pixels of the display, whatever part of one the stage ends with. */
    resize() {
      const density = devicePixelRatio;
      this.size = { width: Math.floor(this.element.clientWidth * density), height: Math.floor(this.element.clientHeight * density) };
      Object.assign(this.canvas, this.size);
      Object.assign(this.canvas.style, { width: `${this.size.width / density}px`, height: `${this.size.height / density}px` });
      this.viewer.draw();
    }

    /** Puts the canvas where a pixel of the display begins: between two it would be smoothed. */
    align() {
      const box = this.element.getBoundingClientRect();
      for (const [name, place] of [["left", box.left + scrollX], ["top", box.top + scrollY]]) {
        const dots = place * devicePixelRatio;
        this.canvas.style[name] = `${(Math.ceil(dots - 0.01) - dots) / devicePixelRatio}px`;
      }
    }

    /** Takes the height that is left on the first screen, and no more than the picture can fill. */
    fill() {
      const top = this.element.getBoundingClientRect().top + scrollY;
      const full = document.fullscreenElement;
      const above = full ? this.element.getBoundingClientRect().top : top < innerHeight * 0.6 ? top : 0.12 * innerHeight;
      const below = this.viewer.below();
      const whole = full ? Infinity : Math.max(this.frame.height, (this.element.clientWidth * this.frame.height) / this.frame.width);
      this.element.style.height = `${Math.floor(clamp(Math.min(innerHeight - above - below, whole), 260, 4000))}px`;
    }

    /** How many pixels of the display a pixel of the page has. */
    get density() {
      return devicePixelRatio || 1;
    }

    // ---- panes

    /** The parts of the stage: {label(s), x, y, width, height} in pixels of the display. */
    panes() {
      const { width, height } = this.size;
      const { mode, grid, flipped } = this.viewer.view;
      const { left, right } = this.viewer.chosen;
      const whole = { x: 0, y: 0, width, height };
      if (mode === "side") return this.tiles([left, right], 2);
      if (mode === "grid") return this.tiles(grid, this.columns(grid.length));
      if (mode === "blink") return [{ ...whole, label: flipped ? left : right }];
      return [{ ...whole, label: left, over: right }];
    }

    tiles(labels, columns) {
      const rows = Math.ceil(labels.length / columns) || 1;
      const [width, height] = [(this.size.width - GAP * (columns - 1)) / columns, (this.size.height - GAP * (rows - 1)) / rows].map(Math.floor);
      return labels.map((label, place) => ({
        label, x: (place % columns) * (width + GAP), y: Math.floor(place / columns) * (height + GAP), width, height,
      }));
    }

    /** Columns of the grid that show the pictures largest. */
    columns(count) {
      const scale = (columns) => Math.min(this.size.width / columns / this.frame.width, this.size.height / Math.ceil(count / columns) / this.frame.height);
      let best = 1;
      for (let columns = 2; columns <= count; columns += 1) if (scale(columns) > scale(best)) best = columns;
      return best;
    }

    // ---- zoom

    /** The zoom that shows the whole image: a whole number where that is larger than life. */
    fit() {
      const pane = this.panes()[0] ?? this.size;
      const exact = Math.min(pane.width / this.frame.width, pane.height / this.frame.height);
      return exact >= 1 ? Math.floor(exact) : exact;
    }

    zoom() {
      const fit = Math.min(this.fit(), MOST);
      return Math.max(this.viewer.view.zoom ?? fit, Math.min(fit, 1));
    }

    /** The next step in a direction: a whole number, above 1. */
    step(direction) {
      const now = this.zoom();
      const beyond = direction > 0 ? STEPS.find((step) => step > now * 1.001) : STEPS.findLast((step) => step < now * 0.999);
      return beyond ?? now;
    }

    /** Zooms; the point of a pane, in pixels of the display, or else its middle, stays where it is. A small image fits enlarged, and can be seen at 1:1. */
    scale(to, point = null) {
      const before = this.zoom();
      const after = clamp(to, Math.min(this.fit(), 1), MOST);
      const pane = this.panes()[0];
      const at = point ?? { x: pane.width / 2, y: pane.height / 2 };
      const shift = (middle, size, place) => middle + (place - size / 2) * (1 / before - 1 / after);
      const { x, y } = this.viewer.view;
      this.viewer.look({ zoom: after === this.fit() ? null : after, x: shift(x, pane.width, at.x), y: shift(y, pane.height, at.y) });
    }

    get pannable() {
      return this.zoom() > this.fit() * 1.001 || this.frame.width * this.zoom() > (this.panes()[0]?.width ?? 0) + 1;
    }

    /** Where the image's left and top edge are in a pane, in whole pixels of the display. */
    origin(pane) {
      const zoom = this.zoom();
      return { x: Math.round(pane.x + pane.width / 2 - this.viewer.view.x * zoom), y: Math.round(pane.y + pane.height / 2 - this.viewer.view.y * zoom) };
    }

    /** The pane under a pointer, the place in it, and the place in the image. */
    at(event) {
      const box = this.canvas.getBoundingClientRect();
      const density = this.density;
      const x = (event.clientX - box.left) * density;
      const y = (event.clientY - box.top) * density;
      const panes = this.panes();
      const pane = panes.find((item) => x >= item.x && x < item.x + item.width + GAP && y >= item.y && y < item.y + item.height + GAP) ?? panes[0];
      const origin = this.origin(pane);
      return { pane, inside: { x: x - pane.x, y: y - pane.y }, x: (x - origin.x) / this.zoom(), y: (y - origin.y) / this.zoom() };
    }

    // ---- drawing

    image(label) {
      const { src } = this.viewer.pictures.get(label);
      if (!this.images.has(src)) {
        const image = new Image();
        image.decoding = "async";
        image.addEventListener("load", () => this.viewer.draw());
        image.src = src;
        this.images.set(src, image);
      }
      const image = this.images.get(src);
      return image.complete && image.naturalWidth ? image : null;
    }

    draw() {
      const context = this.canvas.getContext("2d");
      const { view } = this.viewer;
      const zoom = this.zoom();
      const panes = this.panes();
      if (!panes.length) return;
      const inside = (middle, size, room) => (room >= size * zoom ? size / 2 : clamp(middle, room / 2 / zoom, size - room / 2 / zoom));
      view.x = inside(view.x, this.frame.width, panes[0].width);
      view.y = inside(view.y, this.frame.height, panes[0].height);
      // middle grey: neither theme may change how the pictures look
      context.fillStyle = panes.length > 1 ? "#fff" : "#767676";
      context.fillRect(0, 0, this.size.width, this.size.height);
      for (const pane of panes) {
        context.fillStyle = "#767676";
        context.fillRect(pane.x, pane.y, pane.width, pane.height);
        if (view.mode === "difference") this.paint(context, pane, this.viewer.difference());
        else this.paint(context, pane, this.image(pane.label));
        if (pane.over && view.mode === "slider") {
          const from = Math.round((pane.width * view.split) / 100);
          this.paint(context, { ...pane, clip: from }, this.image(pane.over));
        }
        this.mark(context, pane);
      }
      this.label(panes);
      this.align();
    }

    /** Draws a picture into a pane: what is visible of it, a pixel of it as so many of the display. */
    paint(context, pane, image) {
      if (!image) return;
      const zoom = this.zoom();
      const width = image.naturalWidth ?? image.width;
      const height = image.naturalHeight ?? image.height;
      const origin = this.origin(pane);
      const across = (this.frame.width * zoom) / width;
      const down = (this.frame.height * zoom) / height;
      const start = pane.x + (pane.clip ?? 0);
      const left = clamp(Math.floor((start - origin.x) / across), 0, width);
      const top = clamp(Math.floor((pane.y - origin.y) / down), 0, height);
      const right = clamp(Math.ceil((pane.x + pane.width - origin.x) / across), left, width);
      const bottom = clamp(Math.ceil((pane.y + pane.height - origin.y) / down), top, height);
      if (right === left || bottom === top) return;
      context.save();
      context.beginPath();
      context.rect(start, pane.y, pane.x + pane.width - start, pane.height);
      context.clip();
      context.imageSmoothingEnabled = zoom < 1;
      context.imageSmoothingQuality = "high";
      context.drawImage(image, left, top, right - left, bottom - top, origin.x + left * across, origin.y + top * down, (right - left) * across, (bottom - top) * down);
      context.restore();
    }

    /** The lines between pixels, the region that is chosen, and the pixel that is looked at. */
    mark(context, pane) {
      const { view } = this.viewer;
      const zoom = this.zoom();
      const origin = this.origin(pane);
      context.save();
      context.beginPath();
      context.rect(pane.x, pane.y, pane.width, pane.height);
      context.clip();
      const width = Math.max(1, Math.round(this.density));
      if (view.lines && zoom >= GRID_FROM * this.density) {
        context.fillStyle = "rgb(127 127 127 / 0.55)";
        const spread = (from, size, start, room, line) => {
          for (let place = Math.max(0, Math.floor((start - from) / zoom)); place <= Math.min(size, Math.ceil((start + room - from) / zoom)); place += 1) line(from + place * zoom);
        };
        const [w, h] = [this.frame.width * zoom, this.frame.height * zoom];
        spread(origin.x, this.frame.width, pane.x, pane.width, (x) => context.fillRect(x, origin.y, 1, h));
        spread(origin.y, this.frame.height, pane.y, pane.height, (y) => context.fillRect(origin.x, y, w, 1));
      }
      const outline = ([x, y, w, h], colour) => {
        for (const [line, paint] of [[3 * width, "#000"], [width, colour]]) {
          context.lineWidth = line;
          context.strokeStyle = paint;
          const half = (width % 2) / 2;
          context.strokeRect(Math.round(origin.x + x * zoom) + half, Math.round(origin.y + y * zoom) + half, Math.round(w * zoom), Math.round(h * zoom));
        }
      };
      if (view.region) outline(view.region, "#ffd94a");
      if (view.cross) outline([view.cross.x, view.cross.y, 1, 1], "#fff");
      context.restore();
    }

    label(panes) {
      const { view, chosen } = this.viewer;
      const density = this.density;
      const tag = (label, side, style) => {
        const element = make("span", { class: `viewer-tag ${side}` }, this.viewer.titled(label));
        for (const [name, value] of Object.entries(style)) element.style[name] = value;
        return element;
      };
      const at = (pane, y) => ({ left: `${pane.x / density + 8}px`, top: `${(pane.y + pane.height) / density - y}px`, maxWidth: `${pane.width / density - 16}px` });
      if (panes[0].over) {
        this.tags.replaceChildren(tag(chosen.left, "left", {}), tag(chosen.right, "right", {}));
      } else {
        const sides = { side: ["left", "right"], blink: [view.flipped ? "left" : "right"] }[view.mode] ?? [];
        this.tags.replaceChildren(...panes.map((pane, place) => tag(pane.label, `placed ${sides[place] ?? ""}`, at(pane, 34))));
      }
      this.divider.style.left = `${view.split}%`;
      this.divider.hidden = view.mode !== "slider";
      this.element.classList.toggle("pannable", this.pannable);
      this.element.classList.toggle("drawing", view.drawing);
      this.element.classList.toggle("sliding", view.mode === "slider");
      Object.assign(this.element.dataset, { mode: view.mode, split: view.split, zoom: this.zoom(), x: view.x, y: view.y });
    }
  }

  Object.assign(here, { Stage, MOST_ZOOM: MOST });
})();
