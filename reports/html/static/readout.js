// The values of the pixel under the cursor, or of the one that the keyboard looks at.
"use strict";
(() => {
  const here = window.restobench;
  const { clamp, make } = here;

  here.readout = (viewer) => {
    const line = make("output", { class: "readout", "aria-live": "polite" });
    const usual = "Point at a pixel, or press i on the image, for its values.";
    line.textContent = usual;
    viewer.foot.append(line);
    let asked = 0;

    const value = (pixels, x, y) => {
      const at = 4 * (Math.floor((y * pixels.height) / viewer.frame.height) * pixels.width + Math.floor((x * pixels.width) / viewer.frame.width));
      return [...pixels.data.slice(at, at + 3)];
    };
    const signed = (number) => (number > 0 ? `+${number}` : String(number).replace("-", "−"));

    const show = async (x, y, labels) => {
      const turn = (asked += 1);
      try {
        const found = await Promise.all(labels.map((label) => here.pixels.load(viewer.pictures.get(label).src)));
        if (turn !== asked) return;
        const values = found.map((pixels) => value(pixels, x, y));
        const parts = labels.map((label, place) => make("span", {}, make("b", {}, label), ` ${values[place].join(" ")}`));
        if (values.length === 2) parts.push(make("span", {}, make("b", {}, "difference"), ` ${values[1].map((level, channel) => signed(level - values[0][channel])).join(" ")}`));
        line.replaceChildren(make("span", {}, `x ${x}, y ${y}`), ...parts);
      } catch (error) {
        line.textContent = `The pixels cannot be read: ${error.message}.`;
      }
    };

    const labelsOf = (pane) => (viewer.view.mode === "grid" ? [pane.label] : [viewer.chosen.left, viewer.chosen.right]);

    viewer.stage.element.addEventListener("pointermove", (event) => {
      const found = viewer.stage.at(event);
      const [x, y] = [Math.floor(found.x), Math.floor(found.y)];
      const inside = x >= 0 && y >= 0 && x < viewer.frame.width && y < viewer.frame.height;
      if (inside) show(x, y, labelsOf(found.pane));
      else if (!viewer.view.cross) {
        asked += 1;
        line.textContent = usual;
      }
    });

    let looked = "";
    viewer.parts.push(() => {
      const { cross } = viewer.view;
      const now = cross ? JSON.stringify([cross, viewer.chosen, viewer.view.mode]) : "";
      if (cross && now !== looked) show(clamp(cross.x, 0, viewer.frame.width - 1), clamp(cross.y, 0, viewer.frame.height - 1), labelsOf(viewer.stage.panes()[0]));
      looked = now;
    });
  };
})();
