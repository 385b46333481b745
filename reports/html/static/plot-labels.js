// Names beside points that touch neither one another, nor the text of the axes, nor the edge: what finds no room goes without.
"use strict";
(() => {
  const SIZE = 9.5; // of the text, in the plot's own units
  const TALL = 12;
  const NEAR = 7;
  // right, left, above, below, and the corners; then further out
  const AROUND = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]];
  const RADII = [1, 2.2, 3.6, 5];

  const apart = (a, b) => a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;

  /** Where the box of a name lies, in one direction from its point. */
  const box = (mark, width, [dx, dy], radius) => ({
    x: dx > 0 ? mark.x + NEAR * radius : dx < 0 ? mark.x - NEAR * radius - width : mark.x - width / 2,
    y: mark.y - TALL / 2 + dy * (NEAR * radius + (dx ? 0 : 3)), width, height: TALL,
  });

  /** Writes names into a group of the SVG, those that matter most first; returns the names written. */
  window.restobench.placeLabels = (group, marks, others, area) => {
    const make = (tag, attributes, text = "") => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      element.textContent = text;
      return element;
    };
    group.replaceChildren();
    const svg = group.ownerSVGElement, whole = svg.getBoundingClientRect(), unit = svg.viewBox.baseVal.width / whole.width;
    const taken = [...svg.querySelectorAll("text")].map((text) => text.getBoundingClientRect()).filter((own) => own.width)
      .map((own) => ({ x: (own.x - whole.x) * unit, y: (own.y - whole.y) * unit, width: own.width * unit, height: own.height * unit }));
    const points = others.map((mark) => ({ x: mark.x - 3, y: mark.y - 3, width: 6, height: 6 }));
    const written = [];
    for (const mark of marks) {
      const text = make("text", { class: "name", "font-size": SIZE, fill: "currentColor" }, mark.name.length > 34 ? `${mark.name.slice(0, 33)}…` : mark.name);
      group.append(text);
      const width = text.getComputedTextLength() + 2;
      const inside = (item) => item.x >= area.x && item.y >= area.y && item.x + item.width <= area.x + area.width && item.y + item.height <= area.y + area.height;
      const free = (item, obstacles) => inside(item) && taken.every((other) => apart(item, other)) && obstacles.every((other) => apart(item, other));
      const candidates = RADII.flatMap((radius) => AROUND.map((way) => [box(mark, width, way, radius), radius]));
      const found = candidates.find(([item]) => free(item, points)) ?? candidates.find(([item]) => free(item, []));
      if (!found) {
        text.remove();
        continue;
      }
      const [item, radius] = found;
      taken.push(item);
      written.push(mark.name);
      text.setAttribute("x", (item.x + 1).toFixed(1));
      text.setAttribute("y", (item.y + TALL - 3).toFixed(1));
      if (radius > 1) {
        const end = { x: Math.min(Math.max(mark.x, item.x), item.x + width), y: Math.min(Math.max(mark.y, item.y), item.y + TALL) };
        group.prepend(make("path", { d: `M${mark.x} ${mark.y}L${end.x.toFixed(1)} ${end.y.toFixed(1)}`, stroke: "var(--muted)", "stroke-width": 0.6, fill: "none" }));
      }
    }
    return written;
  };
})();
