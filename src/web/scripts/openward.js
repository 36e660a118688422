/**
 * The pages' only script. Everything works without it: it moves focus where a screen reader should start, and keeps a
 * second click from sending a form twice.
 */
const summary = document.querySelector('.nhsuk-error-summary, .nhsuk-notification-banner--success');
if (summary instanceof HTMLElement) {
  summary.tabIndex = -1;
  summary.focus();
}

/* A link of the summary goes to its field, not to the top of the field's box. */
for (const link of document.querySelectorAll('.nhsuk-error-summary a[href^="#"]')) {
  link.addEventListener('click', (event) => {
    const field = document.getElementById(link.hash.slice(1));
    if (field === null) return;
    event.preventDefault();
    field.scrollIntoView({ block: 'center' });
    field.focus({ preventScroll: true });
  });
}

/* The skip link moves focus too, which some browsers leave at the link. */
const skip = document.querySelector('.nhsuk-skip-link');
skip?.addEventListener('click', () => document.getElementById('maincontent')?.focus());

for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent === 'yes') event.preventDefault();
    form.dataset.sent = 'yes';
    setTimeout(() => delete form.dataset.sent, 2000);
  });
}

/* A page that the browser kept may show a state of minutes ago. */
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
