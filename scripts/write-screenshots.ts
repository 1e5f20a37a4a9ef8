// Takes the pictures under docs/screenshots/ anew, from the program as it is: run it by hand after
// `npm run build`, on a machine with tmux and Chromium (`CHROMIUM` names another browser of its
// kind). Everything it talks to is this machine.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Inbox, openInbox } from './screenshots/inbox.ts';
import { mailPage, phonePage, requestPage } from './screenshots/pages.ts';
import { terminalSvg } from './screenshots/terminal.ts';

const ROOT = join(import.meta.dirname, '..');
const PICTURES = join(ROOT, 'docs/screenshots');
const PROGRAM = join(ROOT, 'bin/campaign.js');
const CHROMIUM = process.env.CHROMIUM ?? 'chromium';

const folder = mkdtempSync(join(tmpdir(), 'campaign-screenshots-'));

/** What a terminal of 100 columns shows once the command is done. */
async function screenOf(command: string): Promise<string> {
  const session = `campaign-${process.pid}`;
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-L', session, ...args], { encoding: 'utf8' });
  const isDone = `tmux -L ${session} wait-for -S done`;
  const shell = `${process.execPath} ${PROGRAM} ${command}; ${isDone}; cat`;
  const size = ['-x', '100', '-y', '110'];
  tmux('new-session', '-d', '-s', session, '-c', folder, ...size, shell);
  try {
    tmux('wait-for', 'done');
    await wait(300);
    const shown = tmux('capture-pane', '-e', '-p', '-t', session);
    return `$ campaign ${command}\n\n${shown.replace(/^\n+/, '')}`;
  } finally {
    tmux('kill-server');
  }
}

/** A page as a browser shows it; `page` is an address or HTML. */
function photograph(page: string, name: string, width: number, height: number): void {
  const file = join(folder, 'page.html');
  if (!page.startsWith('http:')) writeFileSync(file, page);
  const url = page.startsWith('http:') ? page : `file://${file}`;
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const profile = `--user-data-dir=${mkdtempSync(join(folder, 'browser-'))}`;
  const picture = [`--screenshot=${join(PICTURES, name)}`, `--window-size=${width},${height}`];
  const headless = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'];
  const args = [...headless, ...quiet, '--hide-scrollbars', profile, ...picture, url];
  execFileSync(CHROMIUM, args, { stdio: 'ignore' });
}

/** No account of anybody. */
const MADE_UP = {
  ELEVEN_API_KEY: 'made-up',
  TELEGRAM_BOT_TOKEN: '12345:made-up',
  WEBHOOK_SECRET: 'made-up',
};

/** A campaign whose voice is down, with everything that can be told of it. */
function troubled({ ports }: Inbox): string {
  return `campaign: { lines: 2 }
services: { tts: [elevenlabs] }
script:
  template: |
    Hello {{ name }}, this is the surgery. Please ring us back on Monday.
retry: { initial_delay: 200ms }
health_check: { interval: 1s }
providers:
  elevenlabs:
    api_key: "\${ELEVEN_API_KEY}"
    voice_id: "abc123"
    base_url: "http://127.0.0.1:${ports.http}"
alerts:
  email:
    enabled: true
    host: 127.0.0.1
    port: ${ports.mail}
    security: none
    from: campaign@example.com
    to: [operator@example.com]
  telegram:
    enabled: true
    bot_token: "\${TELEGRAM_BOT_TOKEN}"
    chat_id: "1"
    base_url: "http://127.0.0.1:${ports.http}"
  webhook:
    enabled: true
    url: "http://127.0.0.1:${ports.http}/hook"
    secret: "\${WEBHOOK_SECRET}"
server: { enabled: true, port: 0 }
`;
}

/** Where the run says its page is. */
async function addressOf(run: ChildProcess): Promise<string> {
  let said = '';
  for await (const chunk of run.stderr ?? []) {
    said += String(chunk);
    const [, url] = /status page at (http:\S+)/.exec(said) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`the run did not say where its page is:\n${said}`);
}

async function pictureTrouble(): Promise<void> {
  const inbox = await openInbox();
  writeFileSync(join(folder, 'config.yml'), troubled(inbox));
  const run = spawn(process.execPath, [PROGRAM, 'run', 'contacts/sample.csv', '--name', 'spring'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...MADE_UP },
  });
  try {
    const url = await addressOf(run);
    run.stderr?.resume();
    const { email, telegram, webhook } = inbox.received;
    while (email.length * telegram.length * webhook.length === 0) await wait(100);
    await wait(3_000);
    photograph(url, 'health-page.png', 900, 910);
    photograph(mailPage(email[0] ?? ''), 'alert-email.png', 820, 460);
    photograph(phonePage(telegram[0] ?? ''), 'alert-telegram.png', 460, 530);
    photograph(requestPage(webhook[0] ?? ''), 'alert-webhook.png', 1000, 850);
  } finally {
    run.kill('SIGTERM');
    await once(run, 'exit');
    inbox.close();
  }
}

try {
  cpSync(join(ROOT, 'config.yml'), join(folder, 'config.yml'));
  cpSync(join(ROOT, 'contacts'), join(folder, 'contacts'), { recursive: true });
  const run = await screenOf('run contacts/sample.csv');
  const runLabel =
    'A terminal after campaign run contacts/sample.csv: how the contacts ended, which rows were ' +
    'rejected and why, where the results are, and that no phone rang.';
  writeFileSync(join(PICTURES, 'run.svg'), terminalSvg(run, runLabel));
  const demo = await screenOf('simulate --outage elevenlabs');
  const demoLabel =
    'A terminal after campaign simulate --outage elevenlabs: the timeline of an outage, from the ' +
    'first failed attempt to the all clear, and the summary.';
  writeFileSync(join(PICTURES, 'demo.svg'), terminalSvg(demo, demoLabel));
  await pictureTrouble();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
