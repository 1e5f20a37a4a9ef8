/**
 * The state of a run as a page for people: one file, nothing loaded from anywhere, no script.
 * Everything that is put in is escaped, and no telephone number is shown.
 */
import { html } from 'hono/html';
import { maskNumbers } from '../domain/privacy.ts';
import {
  answerRate,
  type RunPhase,
  type RunStatus,
  rolesDown,
  type ServiceStatus,
} from '../domain/run-status.ts';
import { counted, listed, spanText } from '../domain/text.ts';
import { CONTACT_STATES, OUTCOMES } from '../domain/words.ts';

/** What `html` makes: escaped already. */
export type Markup = ReturnType<typeof html>;

const REFRESH_S = 10;

const PHASES: Readonly<Record<RunPhase, string>> = {
  starting: 'is reading the list',
  running: 'is at work',
  draining: 'takes no new contact, and lets the calls in progress end',
  over: 'is over',
};

const HEALTH: Readonly<Record<ServiceStatus['health'], string>> = {
  healthy: 'works',
  degraded: 'answers its check, but the work fails',
  unhealthy: 'fails its check',
};

const STYLE = `
  :root { color-scheme: light dark; --line: #8885;
    --good: #18794e; --bad: #c62a2f; --some: #ad5700; }
  @media (prefers-color-scheme: dark) {
    :root { --good: #4cc38a; --bad: #ff6369; --some: #ffa057; }
  }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
    padding: 0 1rem; }
  h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; }
  h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
  p { margin: .25rem 0; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line);
    vertical-align: top; overflow-wrap: anywhere; }
  td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
  progress { width: 100%; height: 1.2rem; }
  .good { color: var(--good); } .bad { color: var(--bad); } .some { color: var(--some); }
  .big { font-size: 1.2rem; font-weight: 600; }
  footer { margin: 2rem 0; font-size: .9rem; opacity: .8; }
`;

export function statusPage(status: RunStatus): Markup {
  const { campaign, version, phase, nowMs, startedMs } = status;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_S}">
<meta name="robots" content="noindex">
<title>${campaign}: ${phase}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${campaign} ${PHASES[phase]}</h1>
<p>since ${timeOf(startedMs)}, for ${spanText(nowMs - startedMs)}</p>
${verdict(status)}
${contactsPart(status)}
${servicesPart(status.services)}
${outcomesPart(status)}
<footer>
Read at ${timeOf(nowMs)}, read again every ${REFRESH_S} s. campaign ${version}.
For programs: <a href="/health">/health</a> <a href="/api/health">/api/health</a>
<a href="/live">/live</a> <a href="/ready">/ready</a> <a href="/metrics">/metrics</a>
</footer>
</body>
</html>
`;
}

/** One look tells what is happening. */
function verdict({ services }: RunStatus): Markup {
  const down = rolesDown(services);
  const ill = services.filter(({ health }) => health !== 'healthy').map(({ key }) => key);
  if (down.length > 0) {
    return html`<p class="big bad">Nobody does the work of ${listed(down)} now:
${listed(ill)} ${ill.length === 1 ? 'is' : 'are'} away.</p>`;
  }
  if (ill.length > 0) {
    return html`<p class="big some">The work goes on without ${listed(ill)}.</p>`;
  }
  return services.length > 0
    ? html`<p class="big good">All ${counted(services.length, 'service')} work.</p>`
    : html``;
}

function contactsPart({ contacts, lines, callsInProgress, alerts }: RunStatus): Markup {
  const over = contacts.done + contacts.uncertain;
  return html`<h2>Contacts</h2>
<progress max="${Math.max(1, contacts.total)}" value="${over}"></progress>
<p>${over.toLocaleString('en-US')} of ${counted(contacts.total, 'contact')} have their outcome</p>
<table>
${CONTACT_STATES.map((state) =>
  figureRow(words(state), contacts[state]),
)}<tr><th scope="row">lines in use</th><td class="n">${contacts.calling} of ${lines}</td></tr>
<tr><th scope="row">telephone calls in progress</th><td class="n">${callsInProgress}</td></tr>
<tr><th scope="row">alerts sent</th><td class="n">${alerts.sent}${
    alerts.failed > 0 ? html`, <span class="bad">${alerts.failed} failed</span>` : ''
  }</td></tr>
</table>`;
}

function servicesPart(services: readonly ServiceStatus[]): Markup {
  if (services.length === 0) return html``;
  return html`<h2>Services</h2>
<table>
<tr><th scope="col">service</th><th scope="col">does</th><th scope="col">state</th>
<th scope="col">since, and why</th></tr>
${services.map(serviceRow)}</table>`;
}

function serviceRow({ key, role, health, breaker, sinceMs, reason, retryAfterMs }: ServiceStatus) {
  const colour = health === 'healthy' ? 'good' : health === 'degraded' ? 'some' : 'bad';
  const again = retryAfterMs > 0 ? `; asked again in ${spanText(retryAfterMs)}` : '';
  const state = breaker === 'closed' ? '' : `; breaker ${words(breaker)}${again}`;
  const why = reason === undefined ? '' : `: ${maskNumbers(reason)}`;
  const since = sinceMs === undefined ? '' : `${timeOf(sinceMs)}${why}`;
  return html`<tr><td>${key}</td><td>${role}</td>
<td class="${colour}">${HEALTH[health]}${state}</td><td>${since}</td></tr>
`;
}

function outcomesPart({ outcomes, callMsAverage, answers = 0 }: RunStatus): Markup {
  const rate = answerRate(outcomes);
  const known = OUTCOMES.filter((outcome) => (outcomes.get(outcome) ?? 0) > 0);
  if (known.length === 0) return html``;
  return html`<h2>Calls of this run</h2>
<table>
${known.map((outcome) => figureRow(words(outcome), outcomes.get(outcome) ?? 0))}</table>
${rate === undefined ? '' : html`<p>${Math.round(rate * 100)} % were answered.</p>`}
${answers === 0 ? '' : html`<p>A key was chosen in ${String(answers)} of them.</p>`}
${
  callMsAverage === undefined
    ? ''
    : html`<p>An answered call lasted ${spanText(callMsAverage)} on average.</p>`
}`;
}

function figureRow(what: string, count: number): Markup {
  const figure = count.toLocaleString('en-US');
  return html`<tr><th scope="row">${what}</th><td class="n">${figure}</td></tr>
`;
}

function words(name: string): string {
  return name.replaceAll('_', ' ');
}

/** UTC, as in the log. */
function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
