/* The frame by keyboard: the jump box suggests pages of the console and search results, menus close with Esc or a click
   elsewhere, and a refused form comes back with the focus on its first error.
   Everything works without this script: the jump box is a form, and the browser opens the menus. */
"use strict";

(() => {
  const box = document.getElementById("jump-words");
  if (!box) return;
  const form = box.form;
  const menus = document.querySelectorAll("#header details");

  /* --- Suggested pages: the links in this page's menus ------------------------------------------------------------ */

  const pages = [...document.querySelectorAll(".main-menu a, .account a")].map((link) => {
    const place = link.closest(".main-menu > ul > li")?.firstElementChild;
    const name = words(link);
    return { name: place && place !== link ? `${words(place)} › ${name}` : name, address: link.href };
  });

  function words(link) {
    return [...link.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data.trim()).join("");
  }

  const list = document.createElement("div");
  list.id = "jump-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.sayFound);
  list.hidden = true;
  form.append(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const [name, value] of Object.entries(attributes)) box.setAttribute(name, value);
  let chosen = -1, made = 0;

  function options() {
    return [...list.querySelectorAll("[role=option]")];
  }

  function suggest() {
    const typed = box.value.trim().toLowerCase();
    const fitting = typed
      ? pages.filter((page) => page.name.toLowerCase().split(/[\s›]+/).some((word) => word.startsWith(typed)) ||
          page.name.toLowerCase().startsWith(typed))
      : [];
    list.replaceChildren();
    add(fitting.map((page) => ({ title: page.name, kind: "", address: page.address, group: form.dataset.sayPages })));
    choose(-1);
    show(fitting.length > 0);
    ask();
  }

  function add(found) {
    const known = new Set(options().map((option) => option.dataset.address));
    for (const one of found) {
      const address = new URL(one.address, location.href).href;
      if (known.has(address)) continue;
      known.add(address);
      const option = document.createElement("div");
      option.id = `jump-${made++}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.address = address;
      const title = document.createElement("bdi");
      title.textContent = one.title;
      option.append(title, one.kind ? ` (${one.kind})` : "");
      groupOf(one.group).append(option);
    }
  }

  /* Groups keep the order in which they were first found. */
  function groupOf(name) {
    const known = [...list.children].find((group) => group.getAttribute("aria-label") === name);
    if (known) return known;
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", name);
    const heading = document.createElement("div");
    heading.className = "heading";
    heading.setAttribute("aria-hidden", "true");
    heading.textContent = name;
    group.append(heading);
    list.append(group);
    return group;
  }

  /* --- Search results, after a pause in typing, because each answer is recorded and shows texts ------------------- */

  const PAUSE = 700, SHORTEST = 3; // milliseconds; letters
  let timer = 0, asked = "";

  function ask() {
    clearTimeout(timer);
    const typed = asked = box.value.trim();
    if ([...typed].length >= SHORTEST) timer = setTimeout(() => find(typed), PAUSE);
  }

  async function find(typed) {
    const query = new URLSearchParams({ q: typed, typing: "1" });
    const answer = await fetch(`${form.action}?${query}`).catch(() => null);
    if (!answer || !answer.ok || answer.redirected || !answer.headers.get("Content-Type").startsWith("application/json")) return;
    const { found } = await answer.json();
    if (asked !== typed || document.activeElement !== box) return;
    add(found);
    show(options().length > 0);
  }

  function show(open) {
    list.hidden = !open;
    box.setAttribute("aria-expanded", String(open));
    if (!open) choose(-1);
  }

  function choose(number) {
    chosen = number;
    const all = options();
    all.forEach((option, place) => option.setAttribute("aria-selected", String(place === number)));
    if (number < 0) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", all[number].id);
    all[number].scrollIntoView({ block: "nearest" });
  }

  box.addEventListener("input", suggest);
  form.addEventListener("submit", () => clearTimeout(timer));
  box.addEventListener("blur", () => {
    clearTimeout(timer);
    show(false);
  });
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    event.preventDefault();
    if (option) location.assign(option.dataset.address);
  });
  box.addEventListener("keydown", (event) => {
    const offered = list.hidden ? 0 : options().length;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && offered) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One position more than there are options: the words as typed.
      choose(((chosen + 1 + step + offered + 1) % (offered + 1)) - 1);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      location.assign(options()[chosen].dataset.address);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      show(false);
    }
  });

  /* --- Keys, and closing menus ------------------------------------------------------------------------------------ */

  function isTyping(element) {
    return element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    const toBox = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k";
    const plain = !event.ctrlKey && !event.metaKey && form.dataset.keys !== "off" && !isTyping(event.target);
    if (toBox || (plain && event.key === "/")) {
      event.preventDefault();
      document.querySelector(".menu-button").open = true;
      box.focus();
      box.select();
    } else if (plain && event.key === "?") {
      event.preventDefault();
      location.assign(form.dataset.keyboard);
    } else if (event.key === "Escape") {
      for (const menu of menus) {
        if (!menu.open) continue;
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
  });

  document.addEventListener("click", (event) => {
    const account = document.querySelector(".account");
    if (!account.contains(event.target)) account.open = false;
  });

  /* --- A refused form: focus the first field with an error, because some twenty links come before it -------------- */

  document.querySelector('#content [aria-invalid="true"]')?.focus();
})();
