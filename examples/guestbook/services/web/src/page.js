import { html } from 'hono/html';
import { entriesHeadline, versionText } from './greeting.js';

/**
 * The one page of the guestbook. Every value from outside is escaped by `html`.
 *
 * @param view - `faults` by field, and the `draft` that has them.
 */
export function guestbookPage({ greeting, banner, notice, entries, author, faults = {}, draft = {} }) {
  return layout(
    { greeting, banner, notice },
    html`
    <form method="post" action="/entries">
      ${field(faults.author, html`<label>Name <input name="author" maxlength="40" value="${draft.author ?? ''}"></label>`)}
      ${field(faults.message, html`<label>Message <textarea name="message" rows="3">${draft.message ?? ''}</textarea></label>`)}
      ${field(faults.entry, html`<button>Sign the guestbook</button>`)}
    </form>
    <h2>${entriesHeadline(entries.length)}${author === undefined ? '' : html` by ${author} <a href="/">show all</a>`}</h2>
    <ol class="entries">${entries.map(entryItem)}</ol>
  `,
  );
}

/** Shown while the api does not answer. */
export function unavailablePage({ greeting, banner, notice }) {
  return layout(
    { greeting, banner, notice },
    html`<p class="fault" role="alert">The guestbook is closed for a moment. Please try again.</p>`,
  );
}

function entryItem(entry) {
  return html`
    <li>
      <p>${entry.message}</p>
      <footer>
        <a href="/?${new URLSearchParams({ author: entry.author }).toString()}">${entry.author}</a>
        <time datetime="${entry.createdAt}">${entry.createdAt.slice(0, 16).replace('T', ' ')}</time>
      </footer>
    </li>`;
}

function field(fault, control) {
  return html`<p>${control}${fault === undefined ? '' : html` <strong class="fault" role="alert">${fault}</strong>`}</p>`;
}

function layout({ greeting, banner = '', notice = '' }, content) {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${greeting}</title>
    <link rel="stylesheet" href="/style.css">
  </head>
  <body>
    <h1>${greeting}</h1>
    ${banner === '' ? '' : html`<p class="banner" role="status">${banner}</p>`}
    ${notice === '' ? '' : html`<p class="notice" role="status">${notice}</p>`}
    ${content}
    <footer id="version">${versionText}</footer>
  </body>
</html>
`;
}
