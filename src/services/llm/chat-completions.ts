/**
 * The requests and answers that OpenAI brought into the world and that OpenRouter speaks as well.
 */

import { at, cutBy, numberAt, type Reading, textAt, usageOf } from './model-llm.ts';
import type { Messages } from './prompt.ts';

/** `system` is understood by every server that speaks this; newer ones read it as `developer`. */
export function chatMessages({ instructions, data }: Messages): readonly object[] {
  return [
    { role: 'system', content: instructions },
    { role: 'user', content: data },
  ];
}

const CUT: Readonly<Record<string, string>> = {
  length: 'it was cut off at the limit of tokens',
  content_filter: 'a content filter held it back',
  tool_calls: 'it wanted to use a tool',
  function_call: 'it wanted to use a tool',
  error: 'it broke off with an error',
};

export function readChat(answer: unknown): Reading | undefined {
  const choice = at(answer, 'choices', 0) ?? undefined;
  if (choice === undefined) {
    return undefined;
  }
  const refused = textAt(choice, 'message', 'refusal');
  const cut = cutBy(textAt(choice, 'finish_reason'), 'stop', CUT);
  return {
    text: textAt(choice, 'message', 'content') ?? '',
    cut: cut ?? (refused === undefined || refused === '' ? undefined : 'the model refused'),
    usage: usageOf(
      numberAt(answer, 'usage', 'prompt_tokens'),
      numberAt(answer, 'usage', 'completion_tokens'),
    ),
  };
}

export function bearer(apiKey: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${apiKey}` };
}
