// Shows what a channel delivered as its reader would see it. Headers, text and fields are what
// came; the frame around them is drawn here.

import { escaped } from './terminal.ts';

const page = (style: string, body: string): string => `<!doctype html><meta charset="utf-8">
<style>
  body { margin: 0; padding: 24px; font: 15px/1.5 "DejaVu Sans", sans-serif; ${style} }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: inherit; }
  code { white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 "DejaVu Sans Mono"; }
  table { border-bottom: 1px solid #d0d7de; margin-bottom: 16px; padding-bottom: 12px; }
  table { width: 100%; }
  td:first-child { color: #59636e; padding-right: 16px; width: 4em; }
  .bubble { background: #fff; border-radius: 4px 14px 14px 14px; padding: 12px 16px; }
</style>
${body}`;

/** Of a body of 7bit or quoted-printable text. */
function decoded(body: string, encoding: string): string {
  if (encoding !== 'quoted-printable') return body;
  const bytes = body
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** A mail as it came over SMTP. */
export function mailPage(mail: string): string {
  const [head = '', ...rest] = mail.split('\r\n\r\n');
  const header = (name: string): string =>
    new RegExp(`^${name}: (.*(?:\r\n\\s.*)*)`, 'im').exec(head)?.[1]?.replaceAll('\r\n', '') ?? '';
  const rows = ['From', 'To', 'Subject', 'Date']
    .map((name) => `<tr><td>${name}</td><td>${escaped(header(name))}</td></tr>`)
    .join('');
  const text = decoded(rest.join('\r\n\r\n'), header('Content-Transfer-Encoding'));
  const body = `<table>${rows}</table><pre>${escaped(text)}</pre>`;
  return page('background: #fff; color: #1f2328', body);
}

/** What the Bot API was asked to send. */
export function phonePage(message: string): string {
  const { text } = JSON.parse(message) as { text: string };
  const body = `<div class="bubble"><pre>${escaped(text)}</pre></div>`;
  return page('background: #c6d8e6; color: #1f2328', body);
}

/** A signed request and its document. */
export function requestPage(request: string): string {
  const { signature, body } = JSON.parse(request) as { signature: string; body: unknown };
  const head = `POST /hook\nx-campaign-signature: ${signature}`;
  const lines = `${head}\n\n${JSON.stringify(body, null, 2)}`;
  return page('background: #1c2128; color: #d1d7e0', `<code>${escaped(lines)}</code>`);
}
