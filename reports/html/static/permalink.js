// What a page shows is kept in its address, after the #, so that a link to it shows the same.
"use strict";
(() => {
  const read = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");

  /** Changes some of the values; null removes one. Values of other parts of the page stay. */
  const write = (changes) => {
    const values = read();
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === "") values.delete(name);
      else values.set(name, String(value));
    }
    const text = values.toString();
    if (text === read().toString()) return;
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
    carry();
  };

  // links with `data-carry` lead to another page in the same state
  const carry = () => {
    for (const link of document.querySelectorAll("a[data-carry]")) link.hash = location.hash.includes("=") ? location.hash : "";
  };

  // a link to a part of this page goes there and leaves the state in the address
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href*='#']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const same = link.pathname === location.pathname && link.search === location.search && link.host === location.host;
    const part = same && !link.hash.includes("=") && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!part || !location.hash.includes("=")) return;
    event.preventDefault();
    part.scrollIntoView();
    if (!part.hasAttribute("tabindex")) part.tabIndex = -1;
    part.focus({ preventScroll: true });
  });

  addEventListener("hashchange", carry);
  carry();
  window.restobench.permalink = { read, write };
})();
