/**
 * Whether a model is there, as OpenAI, Anthropic and those who speak like them tell it: free, and
 * with the key.
 */
import { type HttpResponse, jsonOf } from '../domain/http-failure.ts';
import { at, listAt, textAt } from '../domain/json-fields.ts';

export interface ModelAsked {
  /**
   * What is to be judged: of the model, or of the list where there is nothing else to be asked.
   * Undefined where the key is known and may ask for neither: it may well be one that works.
   */
  readonly response: HttpResponse | undefined;
  /** Undefined where the model is there, or the answer is none that says so. */
  readonly detail?: string | undefined;
}

/** A GET with the key. */
export type Get = (path: string) => Promise<HttpResponse>;

const LIST = '/v1/models';

/** Servers of another make may have the list alone, which need not name all that they take. */
export async function askModel(model: string, get: Get): Promise<ModelAsked> {
  const one = await get(`${LIST}/${encodeURIComponent(model)}`);
  if (mayNotRead(one)) {
    const doubt = onlyAtWork(`the model ${model}`);
    return { response: undefined, detail: `the key may not read models: ${doubt}` };
  }
  if (!isWithoutPath(one, model)) return { response: one };
  const response = await get(LIST);
  const isListed = listAt(jsonOf(response), 'data').some((each) => textAt(each, 'id') === model);
  const detail = isListed ? undefined : onlyAtWork(`the model ${model}`);
  return { response, detail };
}

export function onlyAtWork(what: string): string {
  return `whether ${what} exists shows only at work`;
}

/** Anything may answer 200, and a page is no model. */
export function isModelAnswer(body: unknown): boolean {
  return at(body, 'id') !== undefined || at(body, 'data') !== undefined;
}

/** OpenAI's word for a key that may do some things alone; one that is wrong is refused as such. */
function mayNotRead(response: HttpResponse): boolean {
  if (response.status !== 401 && response.status !== 403) return false;
  const message = textAt(jsonOf(response), 'error', 'message') ?? '';
  return /missing scopes: [\w., ]*\bmodel\.read\b/i.test(message);
}

/** What is missing is the question, not the model. */
function isWithoutPath(response: HttpResponse, model: string): boolean {
  if (response.status !== 404 && response.status !== 405) return false;
  const error = at(jsonOf(response), 'error');
  const message = textAt(error, 'message') ?? '';
  const isNamed = message.includes(model) && !message.includes(`${LIST}/`);
  return textAt(error, 'code') !== 'model_not_found' && !isNamed;
}
