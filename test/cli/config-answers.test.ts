import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/cli/config.ts';
import { answerNotices } from '../../src/cli/config-answers.ts';
import { ConfigProblems } from '../../src/cli/config-problems.ts';
import { fullJudgement } from '../../src/cli/judgement.ts';
import type { Config } from '../../src/cli/settings.ts';
import { keysOf, standing } from '../../src/domain/answers.ts';

const ENV = { TWILIO_AUTH_TOKEN: 'secret' };
const TWILIO = `services: { dialer: [twilio] }
providers:
  twilio:
    account_sid: AC00000000000000000000000000000000
    auth_token: "\${TWILIO_AUTH_TOKEN}"
    from: "+14155550100"
`;

const AMI = `services: { dialer: [asterisk-ami] }
providers:
  asterisk-ami:
    username: campaign
    password: "\${AMI_PASSWORD}"
    endpoint: "PJSIP/{number}@trunk"
`;

function parsed(text: string, env: Readonly<Record<string, string>> = ENV): Config {
  const options = { file: '/srv/config.yml', shownAs: 'config.yml', env };
  return parseConfig(text, { ...options, judgement: fullJudgement() });
}

function problemsOf(text: string, env?: Readonly<Record<string, string>>): readonly string[] {
  try {
    parsed(text, env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigProblems);
    const [, ...lines] = (error as ConfigProblems).message.split('\n');
    return lines.map((line) => line.trim());
  }
}

function script(answers: string): string {
  return `script:\n  template: Hello\n  answers: ${answers}\n`;
}

describe('script.answers', () => {
  it('has a word for each key, and ten seconds to press one', () => {
    const { answers } = parsed(script('{ 1: confirmed, "*": again, 9: opt_out }')).script;
    expect(answers).toEqual({
      words: { 1: 'confirmed', '*': 'again', 9: 'opt_out' },
      waitMs: 10_000,
    });
    expect(answers && keysOf(answers)).toBe('19*');
    expect(parsed('script: { template: Hello, answer_wait: 4s }').script.answers).toBeUndefined();
  });

  it.each([
    ['{ 10: confirmed }', 'script.answers.10: found an unknown key, allowed: 0, 1, 2, 3, 4, 5'],
    ['{ 1: Yes please }', 'script.answers.1: found "Yes please", allowed: a word of small'],
    ['{ 1: yes, 9: optout }', 'script.answers.9: found "optout", after which the number is rung'],
    ['{ 9: opt_uot }', 'script.answers.9: found "opt_uot", after which the number is rung again'],
    ['{ 9: unsubscribe }', 'script.answers.9: found "unsubscribe", after which the number is'],
    ['{}', 'script.answers: found no key, allowed: a word for each key that counts'],
    ['[opt_out]', 'script.answers: found a list, allowed: a group of keys'],
  ])('%s is told by its line', (answers, expected) => {
    const problems = problemsOf(script(answers));
    expect(problems).toHaveLength(1);
    expect(problems[0]?.startsWith(`config.yml:3  ${expected}`), problems[0]).toBe(true);
  });

  it('is refused where a dialer rings and hears no key', () => {
    expect(problemsOf(TWILIO + script('{ 9: opt_out }'))).toEqual([
      'config.yml:9  script.answers: found keys to be pressed, and twilio in services.dialer, ' +
        'which hears none, allowed: no answers, and a text that asks for no key; or a dialer ' +
        'that hears keys; whoever pressed one would be rung again',
    ]);
    expect(problemsOf(`${TWILIO}script: { template: Hello }\n`)).toEqual([]);
  });

  it('is refused where Asterisk is not asked to tell the keys', () => {
    const secret = { AMI_PASSWORD: 'test-secret' };
    const asks = script('{ 9: opt_out }');
    const deaf = '    events: system, call, user\n';
    expect(problemsOf(AMI + asks, secret)).toEqual([]);
    expect(problemsOf(AMI + deaf + asks, secret)).toEqual([
      'config.yml:7  providers.asterisk-ami.events: found system,call,user, which tells of no ' +
        'key, and script.answers, allowed: dtmf among them, as in system,call,user,dtmf; or no ' +
        'answers; whoever pressed one would be rung again',
    ]);
    expect(problemsOf(AMI + asks, { ...secret, AMI_EVENTS: 'system,call,user' })).toEqual([
      'environment  providers.asterisk-ami.events: found AMI_EVENTS="system,call,user", which ' +
        'tells of no key, and script.answers, allowed: dtmf among them, as in ' +
        'system,call,user,dtmf; or no answers; whoever pressed one would be rung again',
    ]);
    expect(problemsOf(AMI + asks, { ...secret, AMI_EVENTS: 'all' })).toEqual([]);
    expect(problemsOf(`${AMI}${deaf}script: { template: Hello }\n`, secret)).toEqual([]);
  });

  it('is noted where only a preview is made', () => {
    expect(answerNotices(parsed(script('{ 9: opt_out }')))).toHaveLength(1);
    expect(answerNotices(parsed('script: { template: Hello }\n'))).toEqual([]);
  });
});

it('the first answer stands, unless one is to opt out', () => {
  expect(standing(undefined, 'confirmed')).toBe('confirmed');
  expect(standing('confirmed', 'again')).toBe('confirmed');
  expect(standing('confirmed', 'opt_out')).toBe('opt_out');
  expect(standing('opt_out', 'confirmed')).toBe('opt_out');
});
