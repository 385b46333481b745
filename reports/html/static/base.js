// What all pages share: making elements, menus that close, what is only there with a script, printing.
"use strict";
(() => {
  const here = (window.restobench ??= {});

  here.clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  here.make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  };

  here.button = (text, label, act, attributes = {}) => {
    const button = here.make("button", { type: "button", "aria-label": label === text ? null : label, title: label === text ? null : label, ...attributes }, text);
    button.addEventListener("click", act);
    return button;
  };

  /** A select with its label; `options` are [value, text] or [group, [options]]. */
  here.select = (id, text, options, act) => {
    const select = here.make("select", { id });
    const fill = (parent, items) => {
      for (const [value, of] of items) {
        if (Array.isArray(of)) {
          const group = here.make("optgroup", { label: value });
          fill(group, of);
          parent.append(group);
        } else parent.append(here.make("option", { value }, of));
      }
    };
    fill(select, options);
    select.addEventListener("change", () => act(select.value));
    return { select, label: here.make("span", { class: "field" }, here.make("label", { for: id }, text), select) };
  };

  /** Offers a file to keep: the text or blob under a name. */
  here.download = (content, name, type = "text/plain") => {
    const blob = content instanceof Blob ? content : new Blob([content], { type });
    const address = URL.createObjectURL(blob);
    const link = here.make("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  };

  /** A name as part of a file name. */
  here.fileName = (text) => text.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 80) || "restobench";

  // a details element of the class `menu` is a menu: Esc and a click elsewhere close it
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      const inside = menu.contains(document.activeElement);
      menu.open = false;
      event.preventDefault();
      if (inside) menu.querySelector("summary").focus();
    }
  });
  addEventListener("pointerdown", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // it hangs from its left edge, or where it would leave the page from its right one
  document.addEventListener("toggle", ({ target: menu }) => {
    if (!menu.matches("details.menu[open]")) return;
    const { left } = menu.getBoundingClientRect();
    menu.classList.toggle("leftward", left + menu.querySelector("fieldset").offsetWidth > document.documentElement.clientWidth);
  }, true);

  // what needs a script is there with one only, and what stands in for it without one only
  for (const element of document.querySelectorAll(".scripted[hidden]")) element.hidden = false;
  for (const element of document.querySelectorAll(".unscripted")) element.hidden = true;

  // what is folded up would be missing on paper
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open], .menu)")];
    for (const item of opened) item.open = true;
  });
  addEventListener("afterprint", () => {
    for (const item of opened) item.open = false;
  });
})();
