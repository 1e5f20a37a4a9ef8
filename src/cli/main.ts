/**
 * The command line: which commands there are, and what they take. Each command is loaded when it
 * is called, so that `--help` costs little more than starting Node.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { AlertTestOptions } from './commands/alert-test.ts';
import type { CheckOptions } from './commands/check.ts';
import type { HealthOptions } from './commands/health.ts';
import type { HuntOptions } from './commands/hunt.ts';
import type { InitOptions } from './commands/init.ts';
import type { LogsOptions } from './commands/logs.ts';
import type { OptOutsOptions } from './commands/opt-outs.ts';
import type { ReportOptions } from './commands/report.ts';
import type { RunOptions } from './commands/run.ts';
import type { SettleOptions } from './commands/settle.ts';
import type { SimulateOptions } from './commands/simulate.ts';
import type { StatusOptions } from './commands/status.ts';
import { VERSION } from './version.ts';
import { realWorld, type World } from './world.ts';

/** What the executable calls. */
export async function main(): Promise<void> {
  const world = realWorld();
  world.exitWith(await runCommandLine(world));
}

/** Runs one command line in the given world; answers the exit code. Never rejects. */
export async function runCommandLine(world: World): Promise<number> {
  let code = 0;
  const program = commandLine(world, (given) => {
    code = given;
  });
  try {
    if (world.args.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...world.args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return 0;
    }
    const { reportFailure } = await import('./exit.ts');
    return reportFailure(error, world);
  }
}

function commandLine(world: World, ended: (code: number) => void): Command {
  const program = new Command('campaign')
    .description('Rings a list of contacts, and keeps going when the services behind it fail.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .showSuggestionAfterError(true)
    .showHelpAfterError('(campaign --help shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        world.stdout.write(text);
      },
      writeErr: (text) => {
        world.stderr.write(text);
      },
      getOutHelpWidth: () => world.stdout.columns ?? 100,
      getErrHelpWidth: () => world.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText('after', EXAMPLES);
  addWorkCommands(program, world, ended);
  addSimulateCommand(program, world, ended);
  addLookCommands(program, world, ended);
  addWatchCommands(program, world, ended);
  return program;
}

function addWorkCommands(program: Command, world: World, ended: (code: number) => void): void {
  program
    .command('init')
    .description('write config.yml, contacts/sample.csv and .env.example (never over a file)')
    .argument('[folder]', 'where to write them', '.')
    .addHelpText('after', INIT_EXAMPLES)
    .action(async (folder: string, options: InitOptions) => {
      const { init } = await import('./commands/init.ts');
      ended(await init(world, folder, options));
    });
  program
    .command('check')
    .description('look at config.yml, the list and the folders; tell all problems at once')
    .argument('[list]', 'the contact list, a CSV file')
    .option('--config <file>', 'the configuration', 'config.yml')
    .option('--name <name>', "the campaign's name (default: the list's file name)")
    .option('--online', 'ask every service whether it would work; rings nobody')
    .option('--json', 'one JSON document on stdout; the words for people go to stderr')
    .addHelpText('after', CHECK_EXAMPLES)
    .action(async (list: string | undefined, options: CheckOptions) => {
      const { check } = await import('./commands/check.ts');
      ended(await check(world, list, options));
    });
  program
    .command('run')
    .description('work the list: again, it goes on where it stopped')
    .argument('<list>', 'the contact list, a CSV file')
    .option('--config <file>', 'the configuration', 'config.yml')
    .option('--name <name>', "the campaign's name (default: the list's file name)")
    .option('--lines <n>', 'calls at the same time, instead of campaign.lines', linesCount)
    .option('--limit <n>', 'end once this many contacts have their outcome', wholeFrom1)
    .option('--until <HH:MM>', 'begin no call from this time of day on', timeOfDay)
    .option('--serve', 'health, metrics and a status page over HTTP: see server in config.yml')
    .option('--json', 'one JSON document on stdout; the summary for people goes to stderr')
    .option('--quiet', 'no progress, no summary; only errors and an early end')
    .option('--verbose', 'a line for everything that happens')
    .option('--no-color', 'no colours')
    .addHelpText('after', RUN_EXAMPLES)
    .action(async (list: string, options: RunOptions) => {
      const { run } = await import('./commands/run.ts');
      ended(await run(world, list, options));
    });
  program
    .command('opt-outs')
    .description('numbers that no campaign rings, because somebody asked for that')
    .option('--config <file>', 'the configuration', 'config.yml')
    .option('--add <number...>', 'one or more that are not to be rung; repeatable')
    .option('--reason <text>', 'why they are added', collect)
    .option('--remove <number...>', 'one or more that may be rung again; repeatable')
    .option('--numbers', 'show the numbers in full')
    .option('--json', 'as one JSON document')
    .addHelpText('after', OPT_OUTS_EXAMPLES)
    .action(async (options: OptOutsOptions) => {
      const { optOuts } = await import('./commands/opt-outs.ts');
      ended(await optOuts(world, options));
    });
  program
    .command('settle')
    .description('say what became of an uncertain call, as you found out')
    .argument('<name>', 'the campaign')
    .argument('<contact>', "the contact's id, or their number as you would write it")
    .argument('<outcome>', 'how the call ended, or `again` to ring the contact once more')
    .option('--config <file>', 'the configuration', 'config.yml')
    .addHelpText('after', SETTLE_EXAMPLES)
    .action(async (name: string, contact: string, outcome: string, options: SettleOptions) => {
      const { settle } = await import('./commands/settle.ts');
      ended(await settle(world, name, contact, outcome, options));
    });
}

function addSimulateCommand(program: Command, world: World, ended: (code: number) => void): void {
  program
    .command('simulate')
    .description('play a campaign in seconds, with services that fail as asked; rings nobody')
    .argument('[list]', 'the contact list, a CSV file (default: people who do not exist)')
    .addOption(
      new Option('--outage <outage>', 'who fails, when and how: see below; repeatable')
        .argParser(collect)
        .default([], 'nobody fails'),
    )
    .option('--config <file>', 'the configuration (default with a list: config.yml)')
    .option('--contacts <n>', 'make up so many contacts', wholeFrom1)
    .option('--lines <n>', 'calls at the same time, instead of campaign.lines', linesCount)
    .option('--start <HH:MM>', 'time of day at which it begins (default: 09:00)', timeOfDay)
    .option('--seed <n>', 'another day: the same seed gives the same day', wholeFrom0, 1)
    .option('--realtime', 'at the speed of life')
    .addOption(
      new Option('--speed <n>', 'so many times as fast as life, instead of --realtime')
        .argParser(factor)
        .conflicts('realtime'),
    )
    .option('--log <file>', 'write the log of the simulated run to this file')
    .option(
      '--hunt',
      'random worlds instead: faults and kills that must break no promise; every tenth also on a ' +
        'real database, in a temporary folder that is removed',
    )
    .option('--seeds <n>', 'with --hunt: so many worlds, from --seed on (default: 100)', wholeFrom1)
    .option('--json', 'one JSON document on stdout; the story for people goes to stderr')
    .option('--quiet', 'no story, no summary')
    .option('--verbose', 'a line for everything that happens')
    .option('--no-color', 'no colours')
    .showHelpAfterError('(campaign simulate --help shows what there is)')
    .addHelpText('after', SIMULATE_EXAMPLES)
    .action(async (list: string | undefined, options: SimulateOptions & HuntOptions) => {
      if (options.hunt === true) {
        const { runHunt } = await import('./commands/hunt.ts');
        ended(await runHunt(world, list, options));
        return;
      }
      const { simulate } = await import('./commands/simulate.ts');
      ended(await simulate(world, list, options));
    });
}

function addLookCommands(program: Command, world: World, ended: (code: number) => void): void {
  program
    .command('status')
    .description('where the campaigns stand, what is next and why it waits')
    .argument('[name]', 'one campaign (default: all)')
    .option('--config <file>', 'the configuration', 'config.yml')
    .option('--json', 'as one JSON document')
    .addHelpText('after', STATUS_EXAMPLES)
    .action(async (name: string | undefined, options: StatusOptions) => {
      const { status } = await import('./commands/status.ts');
      ended(await status(world, name, options));
    });
  program
    .command('report')
    .description('outcomes, failures by service, timings')
    .argument('[name]', 'the campaign (needed where there are several)')
    .option('--config <file>', 'the configuration', 'config.yml')
    .option('--json', 'as one JSON document')
    .option('--csv', 'every finished call, as in results.csv')
    .addHelpText('after', REPORT_EXAMPLES)
    .action(async (name: string | undefined, options: ReportOptions) => {
      const { report } = await import('./commands/report.ts');
      ended(await report(world, name, options));
    });
  program
    .command('logs')
    .description('logs/app.log for people')
    .option('--config <file>', 'the configuration', 'config.yml')
    .option('-f, --follow', 'go on showing what is written')
    .option('-n, --lines <n>', 'how many of the last lines to show', wholeFrom1)
    .option('--service <name>', 'only lines about this service; repeatable', collect)
    .option('--level <level>', 'only this level and above: debug, info, warn, error')
    .option('--contact <id>', 'only lines about this contact; repeatable', collect)
    .option('--since <when>', 'only newer lines: 30m, 2h, or a time such as 2026-11-23T03:00')
    .option('--json', 'the lines as they stand in the file')
    .option('--no-color', 'no colours')
    .addHelpText('after', LOGS_EXAMPLES)
    .action(async (options: LogsOptions) => {
      const { logs } = await import('./commands/logs.ts');
      ended(await logs(world, options));
    });
}

function addWatchCommands(program: Command, world: World, ended: (code: number) => void): void {
  program
    .command('health')
    .description('ask every service in use once whether it would work; rings nobody')
    .option('--config <file>', 'the configuration', 'config.yml')
    .option('--json', 'as one JSON document')
    .addHelpText('after', HEALTH_EXAMPLES)
    .action(async (options: HealthOptions) => {
      const { health } = await import('./commands/health.ts');
      ended(await health(world, options));
    });
  program
    .command('alert-test')
    .description('send one message through each alert channel that is on, and say what happened')
    .option('--config <file>', 'the configuration', 'config.yml')
    .option('--json', 'as one JSON document')
    .addHelpText('after', ALERT_TEST_EXAMPLES)
    .action(async (options: AlertTestOptions) => {
      const { alertTest } = await import('./commands/alert-test.ts');
      ended(await alertTest(world, options));
    });
}

/** As many as campaign.lines may be. */
const LINES_MAX = 1000;

function linesCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > LINES_MAX) {
    throw new InvalidArgumentError(`Allowed: a whole number from 1 to ${LINES_MAX}.`);
  }
  return Number(text);
}

function wholeFrom1(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new InvalidArgumentError('Allowed: a whole number from 1.');
  }
  return Number(text);
}

function wholeFrom0(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new InvalidArgumentError('Allowed: a whole number from 0.');
  }
  return Number(text);
}

function factor(text: string): number {
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value <= 0) {
    throw new InvalidArgumentError('Allowed: a number above 0, such as 10 or 0.5.');
  }
  return value;
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Minutes since midnight. */
function timeOfDay(text: string): number {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (match === null) {
    throw new InvalidArgumentError('Allowed: a time of day from 00:00 to 23:59.');
  }
  return Number(match[1]) * 60 + Number(match[2]);
}

const EXAMPLES = `
Examples:
  $ campaign init                                 write a first config.yml and a sample list
  $ campaign check contacts/sample.csv            is everything right?
  $ campaign run contacts/sample.csv              work the list; run it again to go on
  $ campaign status                               what is going on
  $ campaign logs --follow                        what is happening now

Every command has its own help: campaign run --help
`;

const RUN_EXAMPLES = `
Examples:
  $ campaign run contacts/sample.csv
  $ campaign run contacts.csv --limit 200         the next 200 of a long list, from cron
  $ campaign run contacts.csv --until 18:00       no new calls from six in the evening
  $ campaign run contacts.csv --serve             and look at http://127.0.0.1:15000/
  $ campaign run contacts.csv --json > run.json   for a script

Ctrl-C takes no new contacts and lets the calls in progress end; a second one stops at once.
Exit code 0: all done. 75: ended early, run it again to go on. The rest: see the README.
`;

const SIMULATE_EXAMPLES = `
An outage is SERVICE, ROLE or all, then @FROM-TO, then :WHAT. FROM and TO are times of day or
+5m after the start; without them it lasts from +2m to +5m. WHAT is 503 (unless said otherwise),
429, 429/2m, 401, 400, timeout, reset, refused, slow:4s or flaky:30%; of asterisk-ari and
asterisk-ami also restart, cut or trunk.

Examples:
  $ campaign simulate --outage elevenlabs         what happens when a vendor dies
  $ campaign simulate contacts.csv --outage elevenlabs@09:10-09:40 --outage crm@+5m-+20m:timeout
                                                  will tonight's list be done, and what if
  $ campaign simulate --contacts 5000 --lines 20 --start 17:00 --json
  $ campaign simulate --outage twilio:reset --speed 10
  $ campaign simulate --hunt --seeds 1000         look for bugs of the program itself
`;

const INIT_EXAMPLES = `
Examples:
  $ campaign init                                 into this folder
  $ campaign init ~/calls                         into another one, which is made
`;

const CHECK_EXAMPLES = `
Examples:
  $ campaign check                                the configuration alone
  $ campaign check contacts.csv                   and a list: who would be rejected, and why
  $ campaign check --online                       keys, and what is left of the vendors' quotas
`;

const HEALTH_EXAMPLES = `
Examples:
  $ campaign health                               exit code 0 where all would work, else 69
  $ campaign health --json                        for a script
`;

const ALERT_TEST_EXAMPLES = `
Examples:
  $ campaign alert-test                           exit code 0 where every channel took it, else 69
`;

const STATUS_EXAMPLES = `
Examples:
  $ campaign status                               all campaigns
  $ campaign status spring --json                 one of them, for a script
`;

const REPORT_EXAMPLES = `
Examples:
  $ campaign report                               where there is only one campaign
  $ campaign report spring --csv > calls.csv      every finished call
`;

const LOGS_EXAMPLES = `
Examples:
  $ campaign logs                                 the last lines
  $ campaign logs --follow --level warn           what goes wrong, as it happens
  $ campaign logs --since 2h --contact c-017      what was done for one contact
`;

const OPT_OUTS_EXAMPLES = `
Whoever presses the key for opt_out (script.answers in config.yml) is among them at once.

  $ campaign opt-outs                             who they are, the numbers masked
  $ campaign opt-outs --add "415 555 0100" "415 555 0101" --reason "asked by letter"
  $ campaign opt-outs --remove "415 555 0100"     they may be rung again
`;

const SETTLE_EXAMPLES = `
Outcomes: answered, voicemail, busy, no_answer, invalid_number, failed, again

Examples:
  $ campaign settle spring c-017 answered         the contact says they were rung
  $ campaign settle spring c-017 again            they were not: back to the queue

\`again\` also takes a contact whose call failed before any phone rang, or whose number was none
(invalid_number), once the cause is mended or the list has the right number.
An outcome given after it takes it back, as long as no run has taken the contact up.
It follows the list: a row that was corrected since is called by the new one, a deleted one not.
`;
