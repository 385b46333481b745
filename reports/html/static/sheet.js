// The contact sheet: one region of every picture side by side, with scores, to look at and to keep as a PNG.
"use strict";
(() => {
  const here = window.restobench;
  const { clamp, make, button, permalink } = here;
  const USUAL = { columns: 0, scale: 0, smooth: false, order: "listed", labels: "scores", overview: "box", without: [] };
  const CELL = 220; // what a crop is enlarged to, about
  const MARGIN = 12;
  const MOST = 12_000; // pixels of a side of the sheet
  const NARROW = 640; // below, the whole image stands above the crops
  const ORDERS = { listed: "best mean first", name: "by name", high: "highest score first", low: "lowest score first" };

  /** The number of a caption such as `psnr −1.20 dB`. */
  const numeric = (caption) => {
    const numbers = (caption || "").replaceAll("−", "-").replaceAll("∞", "Infinity").split(/\s+/).filter((word) => word && !isNaN(word));
    return numbers.length ? Number(numbers.at(-1)) : NaN;
  };

  /** The pictures in the order that is wanted: degraded first, the reference last. */
  const ordered = (viewer, { order, without }) => {
    const key = { name: (label) => label, high: (label) => -numeric(viewer.pictures.get(label).caption), low: (label) => numeric(viewer.pictures.get(label).caption) }[order];
    const restored = [...viewer.restored];
    if (key) restored.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : Number.isNaN(key(a)) - Number.isNaN(key(b))));
    const others = viewer.labels.filter((label) => !restored.includes(label));
    const all = [...others.filter((label) => label !== "reference"), ...restored, ...others.filter((label) => label === "reference")];
    return all.filter((label) => !without.includes(label));
  };

  const outline = (context, ...place) => {
    const line = place.pop();
    const [x, y, width, height] = place.map(Math.round);
    const half = (line % 2) / 2;
    for (const [size, colour] of [[3 * line, "#000"], [line, "#ffd94a"]]) {
      context.lineWidth = size;
      context.strokeStyle = colour;
      context.strokeRect(x + half, y + half, width, height);
    }
  };

  const crop = (context, viewer, pixels, [x, y, w, h], to, smooth) => {
    const [across, down] = [pixels.width / viewer.frame.width, pixels.height / viewer.frame.height];
    context.imageSmoothingEnabled = smooth;
    context.imageSmoothingQuality = "high";
    context.drawImage(pixels.canvas, x * across, y * down, w * across, h * down, to.x, to.y, to.width, to.height);
  };

  const fitted = (context, text, room) => {
    let cut = text;
    while (cut.length > 1 && context.measureText(cut === text ? cut : `${cut}…`).width > room) cut = cut.slice(0, -1);
    return cut === text ? text : `${cut}…`;
  };

  /** Where everything goes, in pixels of the sheet, of which the page has room for so many side by side. */
  const plan = (viewer, wishes, count, room) => {
    const [, , w, h] = viewer.view.region;
    const { width, height } = viewer.frame;
    const above = room < NARROW;
    const scale = wishes.scale || clamp(Math.round(Math.min(CELL, room / 2 - 2 * MARGIN) / w), 1, 16);
    const cell = { width: Math.max(w * scale, 48), height: h * scale };
    const font = Math.round(clamp(cell.width / 13, 10, 26));
    const below = { scores: Math.round(font * 2.6 + 6), names: Math.round(font * 1.3 + 6), none: 0 }[wishes.labels];
    const step = { x: cell.width + MARGIN, y: cell.height + below + MARGIN };
    const none = wishes.overview === "none";
    // beside the crops the whole image is as tall as two rows of them
    const beside = (rows) => (none || above ? 0 : Math.round(((Math.min(rows, 2) * step.y - MARGIN - below) * width) / height) + MARGIN);
    const columns = wishes.columns || clamp(Math.floor((room - beside(2) - MARGIN) / step.x), Math.min(2, count), Math.max(1, count));
    const rows = Math.ceil(count / columns) || 1;
    const whole = { x: MARGIN, y: MARGIN, width: above ? columns * step.x - MARGIN : beside(rows) - MARGIN };
    whole.height = none ? 0 : Math.round((whole.width * height) / width);
    const left = MARGIN + beside(rows);
    const top = MARGIN + (above && !none ? whole.height + MARGIN : 0);
    return {
      cell, font, step, columns, left, top, overview: none ? null : whole,
      width: left + columns * step.x, height: Math.max(top + rows * step.y, above || none ? 0 : whole.height + 2 * MARGIN),
    };
  };

  const overview = (context, viewer, pixels, { overview: place }, wishes) => {
    const { frame, view: { region } } = viewer;
    const scale = place.width / frame.width;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(pixels.canvas, place.x, place.y, place.width, place.height);
    const line = Math.max(1, Math.round(place.height / 250));
    outline(context, place.x + region[0] * scale, place.y + region[1] * scale, region[2] * scale, region[3] * scale, line);
    if (wishes.overview !== "inset") return;
    // in the corner that is furthest from the region
    const size = Math.min((0.42 * place.width) / region[2], (0.42 * place.height) / region[3]);
    const [width, height] = [region[2] * size, region[3] * size];
    const x = region[0] + region[2] / 2 > frame.width / 2 ? place.x : place.x + place.width - width;
    const y = region[1] + region[3] / 2 > frame.height / 2 ? place.y : place.y + place.height - height;
    crop(context, viewer, pixels, region, { x, y, width, height }, wishes.smooth);
    outline(context, x, y, width, height, line);
  };

  const paint = async (viewer, wishes, canvas) => {
    const labels = ordered(viewer, wishes);
    const layout = plan(viewer, wishes, labels.length, canvas.parentElement.clientWidth);
    const whole = viewer.pictures.has("reference") ? "reference" : viewer.chosen.right;
    const needed = layout.overview ? [...labels, whole] : labels;
    const pixels = new Map(await Promise.all(needed.map(async (label) => [label, await here.pixels.load(viewer.pictures.get(label).src)])));
    if (Math.max(layout.width, layout.height) > MOST) throw new Error("the sheet would be too large: choose less enlarging or a smaller region");
    Object.assign(canvas, { width: layout.width, height: layout.height });
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, layout.width, layout.height);
    if (layout.overview) overview(context, viewer, pixels.get(whole), layout, wishes);
    labels.forEach((label, place) => {
      const x = layout.left + (place % layout.columns) * layout.step.x;
      const y = layout.top + Math.floor(place / layout.columns) * layout.step.y;
      crop(context, viewer, pixels.get(label), viewer.view.region, { x, y, ...layout.cell }, wishes.smooth);
      context.textAlign = "center";
      context.textBaseline = "top";
      context.fillStyle = "#000";
      const lines = { scores: [label, viewer.pictures.get(label).caption || ""], names: [label], none: [] }[wishes.labels];
      lines.forEach((text, line) => {
        context.font = `${line ? 400 : 600} ${layout.font}px system-ui, "Liberation Sans", sans-serif`;
        context.fillText(fitted(context, text, layout.cell.width), x + layout.cell.width / 2, y + layout.cell.height + 5 + line * layout.font * 1.3);
      });
    });
    return { labels, layout };
  };

  const quoted = (text) => (/^[\w.,:/+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

  /** The command that makes the figure of a paper from the same wishes. */
  const command = (viewer, wishes) => {
    const { set, image } = viewer.root.dataset;
    const named = ordered(viewer, wishes).filter((label) => viewer.restored.includes(label));
    const more = [wishes.columns && `--columns ${wishes.columns}`, wishes.scale && `--zoom ${wishes.scale}`, wishes.smooth && "--smooth",
      wishes.overview === "inset" && "--inset", wishes.overview === "none" && "--no-image"].filter(Boolean);
    return ["restobench figure RUN --set", quoted(set), "--image", quoted(image), "--region", viewer.view.region.join(","), "--restorers", quoted(named.join(",")), ...more, "-o figure.pdf"].join(" ");
  };

  here.sheet = (viewer) => {
    const wishes = structuredClone(USUAL);
    const change = (changes) => {
      Object.assign(wishes, changes);
      if (viewer.shared) permalink.write({ sheet: JSON.stringify(wishes) === JSON.stringify(USUAL) ? null : JSON.stringify(wishes) });
      drawn = "";
      draw();
    };
    const number = (text, name, act, least, most) => {
      const input = make("input", { type: "number", id: `${viewer.id}-${name}`, min: least, max: most, step: 1 });
      input.addEventListener("change", () => act(Number(input.value)));
      return { input, label: make("span", { class: "field" }, make("label", { for: input.id }, text), input) };
    };
    const edges = ["x", "y", "width", "height"].map((name, place) => number(name, name, (value) => {
      const region = [...viewer.view.region];
      region[place] = value;
      viewer.look({ region: viewer.within(region) ?? viewer.view.region });
    }, place < 2 ? 0 : 1, place % 2 ? viewer.frame.height : viewer.frame.width));
    const pick = (name, text, options, read = (value) => value) => here.select(`${viewer.id}-sheet-${name}`, text, options, (value) => change({ [name]: read(value) }));
    const scales = [[0, "fitting"], ...[1, 2, 3, 4, 6, 8, 12, 16].map((scale) => [scale, `× ${scale}`])];
    const fields = {
      columns: pick("columns", "columns", [[0, "fitting"], ...viewer.labels.map((_, place) => [place + 1, String(place + 1)])], Number),
      scale: pick("scale", "enlarged", scales, Number),
      smooth: pick("smooth", "pixels", [["false", "as they are"], ["true", "smooth"]], (value) => value === "true"),
      order: pick("order", "order", Object.entries(ORDERS)),
      labels: pick("labels", "labels", [["scores", "names and scores"], ["names", "names"], ["none", "none"]]),
      overview: pick("overview", "whole image", [["none", "no"], ["box", "with the box"], ["inset", "with box and inset"]]),
    };
    const boxes = viewer.labels.map((label) => {
      const box = make("input", { type: "checkbox", value: label });
      box.addEventListener("change", () => change({ without: box.checked ? wishes.without.filter((item) => item !== label) : [...wishes.without, label] }));
      return box;
    });
    const chooser = make("details", { class: "menu columns-menu" }, make("summary", {}, "Pictures"),
      make("fieldset", {}, make("legend", { class: "visually-hidden" }, "Pictures of the sheet"), ...boxes.map((box) => make("label", {}, box, ` ${box.value}`))));
    const canvas = make("canvas", { class: "sheet-canvas", role: "img" });
    const told = make("p", { class: "muted told" });
    const said = make("output", { class: "muted", "aria-live": "polite" });
    const title = document.querySelector("h1")?.textContent ?? "crop";
    const save = button("save as PNG", "save as PNG", () => canvas.toBlob((blob) => here.download(blob, `${here.fileName(title)}-${viewer.view.region.join("-")}.png`)));
    const section = make("section", { class: "sheet", "aria-label": "Contact sheet" },
      make("h3", {}, "The region in every picture"),
      make("div", { class: "viewer-bar" }, ...edges.map((edge) => edge.label), ...Object.values(fields).map((field) => field.label), chooser,
        save, button("close", "Close the sheet and forget the region", () => {
          viewer.look({ region: null });
          draft.focus();
        }), said), make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The sheet" }, canvas), told);
    viewer.root.querySelector(".viewer-keys").before(section);

    const draft = button("▭ crop", "Choose a region: drag on the image, or press this again for the part that is in sight", () => {
      if (!viewer.view.drawing) return viewer.look({ drawing: true });
      const { x, y } = viewer.view;
      const pane = viewer.stage.panes()[0];
      const [width, height] = [viewer.frame.width, viewer.frame.height].map((size, place) => Math.min(size / 4, ([pane.width, pane.height][place] / viewer.stage.zoom()) * 0.8));
      return viewer.look({ drawing: false, region: viewer.within([x - width / 2, y - height / 2, width, height]) });
    }, { "aria-pressed": "false", class: "draft" });
    viewer.tools.prepend(draft);

    let drawn = "";
    const draw = async () => {
      const { region } = viewer.view;
      section.hidden = !region;
      draft.setAttribute("aria-pressed", String(viewer.view.drawing));
      if (!region) return;
      edges.forEach((edge, place) => (edge.input.value = region[place]));
      for (const [name, { select }] of Object.entries(fields)) select.value = String(wishes[name]);
      for (const box of boxes) box.checked = !wishes.without.includes(box.value);
      const now = JSON.stringify([region, wishes]);
      if (now === drawn) return;
      drawn = now;
      await new Promise(requestAnimationFrame);
      if (now !== drawn) return;
      try {
        const { labels } = await paint(viewer, wishes, canvas);
        canvas.setAttribute("aria-label", `The region ${region.join(", ")} of ${labels.map((label) => viewer.titled(label)).join("; ")}`);
        said.textContent = `${canvas.width} × ${canvas.height} pixels`;
        if (viewer.root.dataset.set) told.replaceChildren("As PDF or LaTeX: ", make("code", {}, command(viewer, wishes)));
        canvas.dataset.drawn = now;
      } catch (error) {
        said.textContent = `Not drawn: ${error.message}.`;
      }
    };

    const restore = () => {
      try {
        const found = JSON.parse(permalink.read().get("sheet") ?? "{}");
        for (const [name, usual] of Object.entries(USUAL)) {
          const kind = Array.isArray(usual) ? Array.isArray(found[name]) : typeof found[name] === typeof usual;
          wishes[name] = kind ? found[name] : structuredClone(usual);
        }
        for (const [name, { select }] of Object.entries(fields)) {
          if (![...select.options].some((option) => option.value === String(wishes[name]))) wishes[name] = USUAL[name];
        }
      } catch {
        Object.assign(wishes, structuredClone(USUAL));
      }
    };
    if (viewer.shared) {
      restore();
      addEventListener("hashchange", restore);
    }
    viewer.parts.push(draw);
  };
})();
