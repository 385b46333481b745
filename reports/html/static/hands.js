// Mouse, touch and keyboard on the stage of the comparison viewer.
"use strict";
(() => {
  const here = window.restobench;
  const { clamp } = here;
  const FAR = 60; // pixels of the page that an arrow moves
  const NEAR = 24; // of the divider

  const keys = (viewer) => {
    const { stage } = viewer;
    const follow = (rel) => document.querySelector(`a[rel="${rel}"]`)?.click();
    const choose = (side, place) => viewer.restored[place] && viewer.choose({ [side]: viewer.restored[place] });
    const restorer = (step) => {
      const { restored, chosen } = viewer;
      choose("right", (restored.indexOf(chosen.right) + step + restored.length) % restored.length);
    };
    const mode = (name) => viewer.look({ mode: viewer.view.mode === name ? "slider" : name });
    const middle = () => ({ x: clamp(Math.floor(viewer.view.x), 0, viewer.frame.width - 1), y: clamp(Math.floor(viewer.view.y), 0, viewer.frame.height - 1) });
    const acts = {
      "+": () => stage.scale(stage.step(1)), "=": () => stage.scale(stage.step(1)), "-": () => stage.scale(stage.step(-1)),
      f: () => viewer.look({ zoom: null }), z: () => stage.scale(1), x: () => viewer.swap(), b: () => viewer.blink(), l: () => viewer.look({ lines: !viewer.view.lines }),
      d: () => mode("difference"), g: () => mode("grid"), s: () => mode("side"), n: () => follow("next"), p: () => follow("prev"),
      "[": () => restorer(-1), "]": () => restorer(1), 0: () => viewer.pictures.has("reference") && viewer.choose({ right: "reference" }),
      i: () => viewer.look({ cross: viewer.view.cross ? null : middle() }), c: () => viewer.look({ drawing: !viewer.view.drawing }),
      Escape: () => viewer.look({ cross: null, drawing: false }),
    };
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

    // letters and digits everywhere in the viewer, but where one types; arrows and Escape belong to what has the focus
    viewer.root.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target !== stage.element && (event.key.length > 1 || event.target.matches("select, textarea, input:not([type=radio], [type=checkbox], [type=range])"))) return;
      const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
      const arrow = arrows[event.key];
      const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key]; // Caps Lock
      if (digit) choose(event.shiftKey ? "left" : "right", Number(digit) - 1);
      else if (arrow && viewer.view.cross) inspect(viewer, arrow, event.shiftKey ? 10 : 1);
      else if (arrow && stage.pannable) viewer.move(-arrow[0] * FAR * stage.density, -arrow[1] * FAR * stage.density);
      else if (act && (event.key !== "Escape" || viewer.view.cross || viewer.view.drawing)) act();
      else return;
      event.preventDefault();
    });
  };

  /** Moves the pixel that is looked at, and the view where it would leave it. */
  const inspect = (viewer, [dx, dy], step) => {
    const { frame, view, stage } = viewer;
    const cross = { x: clamp(view.cross.x + dx * step, 0, frame.width - 1), y: clamp(view.cross.y + dy * step, 0, frame.height - 1) };
    const pane = stage.panes()[0];
    const half = [pane.width / 2 / stage.zoom() - 1, pane.height / 2 / stage.zoom() - 1];
    viewer.look({ cross, x: clamp(view.x, cross.x - half[0], cross.x + half[0]), y: clamp(view.y, cross.y - half[1], cross.y + half[1]) });
  };

  const pointers = (viewer) => {
    const { stage } = viewer;
    const { element } = stage;
    const down = new Map();
    let act = null; // what one pointer does: slide, pan or draw a region
    let moved = 0;

    const slide = (event) => {
      const box = element.getBoundingClientRect();
      viewer.look({ split: clamp(Math.round(((event.clientX - box.left) / box.width) * 1000) / 10, 0, 100) });
    };

    const draw = (event, from) => {
      const to = stage.at(event);
      const [left, right] = [from.x, to.x].sort((a, b) => a - b).map((x) => clamp(x, 0, viewer.frame.width));
      const [top, bottom] = [from.y, to.y].sort((a, b) => a - b).map((y) => clamp(y, 0, viewer.frame.height));
      const [x, y] = [Math.floor(left), Math.floor(top)];
      viewer.look({ region: viewer.within([x, y, Math.max(1, Math.ceil(right) - x), Math.max(1, Math.ceil(bottom) - y)]) });
    };

    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      const box = element.getBoundingClientRect();
      const near = Math.abs(event.clientX - box.left - (box.width * viewer.view.split) / 100) < NEAR;
      const sliding = viewer.view.mode === "slider" && (near || !stage.pannable);
      down.set(event.pointerId, { x: event.clientX, y: event.clientY });
      element.setPointerCapture(event.pointerId);
      moved = 0;
      act = viewer.view.drawing ? ((from) => (later) => draw(later, from))(stage.at(event)) : sliding ? slide : null;
      if (act === slide && event.pointerType !== "touch") slide(event);
    });

    element.addEventListener("pointermove", (event) => {
      const last = down.get(event.pointerId);
      if (!last) return;
      const now = { x: event.clientX, y: event.clientY };
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      down.set(event.pointerId, now);
      moved += Math.hypot(now.x - last.x, now.y - last.y);
      if (other) pinch(last, now, other);
      else if (act) act(event);
      else viewer.move((now.x - last.x) * stage.density, (now.y - last.y) * stage.density);
    });

    const pinch = (last, now, other) => {
      const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      act = null;
      const { inside } = stage.at({ clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 });
      stage.scale((stage.zoom() * apart(now)) / apart(last), inside);
    };

    const up = (event) => {
      const many = down.size > 1;
      if (!down.delete(event.pointerId)) return;
      const { view } = viewer;
      if (many && view.zoom !== null && view.zoom > 1) stage.scale(Math.round(view.zoom)); // whole numbers are sharp
      else if (view.drawing && moved > 4) viewer.look({ drawing: false });
      else if (view.mode === "blink" && moved < 6 && event.type === "pointerup") viewer.blink();
    };
    element.addEventListener("pointerup", up);
    element.addEventListener("pointercancel", up);

    element.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && document.activeElement !== element) return; // the page scrolls
      event.preventDefault();
      stage.scale(stage.step(event.deltaY < 0 ? 1 : -1), stage.at(event).inside);
    }, { passive: false });
    element.addEventListener("dblclick", (event) => {
      if (viewer.view.mode !== "blink") stage.scale(stage.step(event.shiftKey ? -1 : 1), stage.at(event).inside);
    });
  };

  here.hands = (viewer) => {
    keys(viewer);
    pointers(viewer);
  };
})();
