"use strict";
// What is folded opens for who is led to it, by a link or by the search.
const contents = document.getElementById("contents");
const narrow = matchMedia("(max-width: 50rem)");
const unfold = () => (contents.open = !narrow.matches);
narrow.addEventListener("change", unfold);
unfold();
function reveal() {
  const at = document.getElementById(location.hash.slice(1));
  const folded = at?.querySelector("details");
  if (folded && at.id.startsWith("schema-")) folded.open = true;
  at?.scrollIntoView();
}
addEventListener("hashchange", reveal);
contents.addEventListener("click", (event) => {
  if (narrow.matches && event.target.closest("a")) contents.open = false;
});
// The search hides what has not all words of the query; a slash leads to it from anywhere.
const box = document.getElementById("search");
const found = document.getElementById("found");
const articles = [...document.querySelectorAll("article")].map((article) => ({
  article,
  link: document.querySelector(`li[data-for="${article.id}"]`),
  text: article.textContent.toLowerCase(),
}));
function search() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let n = 0;
  for (const { article, link, text } of articles) {
    const hit = words.every((word) => text.includes(word));
    article.hidden = !hit;
    if (link) link.hidden = !hit;
    n += hit;
  }
  for (const part of document.querySelectorAll("main section")) {
    part.hidden = !part.querySelector("article:not([hidden])");
  }
  for (const list of document.querySelectorAll("nav ul")) {
    list.previousElementSibling.hidden = list.hidden = !list.querySelector("li:not([hidden])");
  }
  document.querySelector("main header").hidden = words.length > 0;
  found.textContent = words.length ? `${n} of ${articles.length}` : "";
}
box.addEventListener("input", search);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== box) {
    event.preventDefault();
    box.focus();
  } else if (event.key === "Escape" && document.activeElement === box) {
    box.value = "";
    search();
  }
});
search();
if (location.hash) reveal();
