/**
 * Whether what a model wrote can be read out as it is. A person on the telephone hears every
 * asterisk. What is refused is asked for again and costs money, so ordinary speech must pass.
 */
import { stageDirectionIn } from './stage-directions.ts';

export interface Flaw {
  /** To be put after "the text has". */
  readonly what: string;
  /** The place in the text, as it stands there; undefined where it is all of it. */
  readonly where?: string | undefined;
}

const ENTITIES =
  'amp|lt|gt|quot|apos|nbsp|[nm]dash|hellip|euro|pound|copy|reg|trade|[lr][sd]quo|[lr]aquo|bull|' +
  'middot|deg|shy|iexcl|iquest|szlig|[ao]elig|[a-z](?:acute|grave|circ|uml|tilde|cedil|ring|slash)';

const LABELS =
  'agent|agente|assistant|asistente|assistent|caller|anrufer|voice|stimme|voix|voz|speaker|' +
  'sprecher(?:in)?|narrator|narrateur|narrador|erzähler|host|operator|locutor|script|call script|' +
  'skript|guion|guión|voice.?over|user|customer|ai|bot|system|message text|final answer|answer|' +
  'voice ?mail(?: message)?|message|tts';
const REMARKS =
  'note|nota|notes|hinweis|anmerkung|remarque|sfx|sound|music|musik|musique|música|tone|tono|ton|' +
  'subject|betreff|objet|asunto|title|titel|titre|título|(?:word|character) count|' +
  'total(?=\\s*:\\s*\\d+ (?:words|characters))';

/** How whoever asked is spoken to, instead of whoever is called. */
const OPENERS =
  "sure|certainly|absolutely|of course|okay|here is|here['’]s|below is|below you['’]ll find|" +
  "i['’]ve (?:written|drafted|prepared)|the following is|gerne|" +
  'natürlich|selbstverständlich|klar|hier ist|bien sûr|certainement|voici|claro|por supuesto|' +
  'aquí (?:está|tiene|tienes)';
const ASSENTS =
  'sure|certainly|absolutely|understood|got it|of course|gerne|natürlich|claro|bien sûr';
/** "A message from the clinic" is what is said to people; "the message" is what was asked for. */
const TEXTS =
  '(?:script|\\p{L}{0,20}text(?! message)|texte|texto|skript|guion|guión|wording|draft|entwurf|' +
  'ansage|versi[oó]n|following)\\b|' +
  '(?<!text )(?:message|nachricht|mensaje)\\b(?! (?:from|von|vom|de|du|des|del)\\b)';

const MONTHS = 'jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez';

/** In the order in which they are looked for: the first that fits is told. */
const FLAWS: readonly (readonly [RegExp, string])[] = [
  [/\[[^\]]{0,60}\]\([^)]{0,60}\)/, 'a link'],
  [/(?:https?:\/\/|\bwww\.\w|\.(?:com|org|net|io|de|fr|es|uk)\/)\S{0,60}/i, 'a link'],
  [/^\s*#{1,6}\s.{0,60}/m, 'a heading'],
  [/^[ \t]*[•◦▪‣·*+]\s+\S.{0,60}/m, 'a list'],
  [/^[ \t]*[-–—]\s+\S.*\n(?:.*\n)?[ \t]*[-–—]\s+\S.*/m, 'a list'],
  [new RegExp(`^[ \\t]*1[.)]\\s+(?!${MONTHS})\\S[^]{0,500}?^[ \\t]*2[.)]\\s+\\S`, 'im'), 'a list'],
  [/(?:^|\s)1\)\s[^]{1,500}?\s2\)\s/, 'a list'],
  [/^[ \t]*(?:-{3,}|={3,}|_{3,}|\*{3,}|\|.*\|)[ \t]*$/m, 'a rule or a table'],
  [/\*{1,3}[^*\n]{1,60}\*{1,3}|[*`]|~~|\\[nrt"'\\]|(?:^|\s)_{1,2}[^_\s][^_\n]{0,60}_/, 'markup'],
  [/^\s*["']\w{1,30}["']\s*:|[|^]/, 'markup'],
  [new RegExp(`&(?:#\\d{1,7}|#x[\\da-f]{1,6}|${ENTITIES});`, 'i'), 'a sign in HTML'],
  [/<\/?[\p{L}!][^>]{0,200}>/u, 'a tag or a placeholder in angle brackets'],
  [
    /[[{【〔［｛⟦][^\]}】〕］｝⟧]{0,60}[\]}】〕］｝⟧]?|[\]}】〕］｝⟧]/,
    'a stage direction or a placeholder in brackets',
  ],
  [/(?<![\p{L}\d])x{3,}(?![\p{L}\d])|_{2,}|%\p{L}\w*%|%[sd]\b|\$\p{L}{2,}/iu, 'a placeholder'],
  [/\b(?:[A-Z]+ )?NAME\b|([#:@])\p{L}{1,30}\1/u, 'a placeholder'],
  [/(?<![\w.@+-])\p{L}+(?:_\p{L}+)+(?![\w.+-]*@)/u, 'a placeholder'],
  [/(?:^|\s)[:;]-?[()DP](?=\s|$)/, 'an emoji'],
  [/\p{Emoji_Presentation}|[\u2190-\u21ff\u2600-\u27bf]|\ufe0f/u, 'an emoji'],
  [/^\s*(?:short |brief |kurze )?(?:pause|pausa|beat|beep)\s*[.…]?\s*$/im, 'a stage direction'],
  [/[-–—]\s*(?:pause|pausa|beat|beep)\s*[-–—]/i, 'a stage direction'],
  [new RegExp(`^\\s*(?:${LABELS})\\s*(?:\\d\\s*)?:`, 'im'), 'the name of a speaker'],
  [new RegExp(`^\\s*(?:${REMARKS})\\s*:.{0,60}`, 'im'), 'a remark'],
  [/^\s*(?:option|version|variante?|opción)\s+(?:\d|[a-c])\s*:/im, 'several texts'],
  [
    new RegExp(
      `^\\s*¡?(?:${OPENERS})(?!\\p{L})[^.\\n]{0,80}\\b(?:${TEXTS})[^.\\n]{0,30}?(?::|$)`,
      'imu',
    ),
    'words about the text',
  ],
  [new RegExp(`^\\s*¡?(?:${ASSENTS})\\s?!`, 'i'), 'words about the text'],
  [
    /^[^.\n]{0,40}\bhere(?: (?:goes|you go)|['’]s what (?:you|I) \p{L}+ say)\b/iu,
    'words about the text',
  ],
  [/^here(?: is|['’]s) (?:the|your|a) (?:call )?script\b/i, 'words about the text'],
  [/\blike me to (?:change|adjust|revise|rewrite|shorten)/i, 'words about it'],
  [/\blet me know if you.{0,20}\b(?:changes|adjust|edit|revis|another version)/i, 'words about it'],
  [/\bi hope this helps\b|\bfeel free to (?:adjust|edit|modify|customi[sz]e)/i, 'words about it'],
  [/\bas an? (?:ai\b|artificial|(?:large )?language model)/i, 'a refusal'],
  [
    /\bI (?:can(?:no|['’])t|am unable to|['’]m unable to) (?:assist|help|comply) with/i,
    'a refusal',
  ],
  [
    new RegExp(
      "\\bI(?: cannot| can['’]t|['’]m not able to| am not able to) " +
        '(?:comply\\b|help with|(?:fulfil+|create|generate|write) (?:this|that|such|the))',
      'i',
    ),
    'a refusal',
  ],
  [/\b(?:dabei|damit|das) kann ich (?:leider )?nicht (?:helfen|erstellen|schreiben)/i, 'a refusal'],
  [/\bje ne peux pas (?:vous aider|répondre à cette|écrire|générer|rédiger)/i, 'a refusal'],
  [/\bno puedo (?:ayudar(?:te|le)? con|escribir|generar|redactar)/i, 'a refusal'],
];

/** Models that have lost their way write thousands of them, each a place to begin to look. */
const BLANK_LINES = /[\n\u2028\u2029]\s*[\n\u2028\u2029]/g;

/** What is wrong with a text; undefined where nothing is. */
export function flawOf(text: string, charactersMax: number): Flaw | undefined {
  const plain = text.trim();
  if (plain === '') {
    return { what: 'no words in it' };
  }
  if (plain.length > charactersMax) {
    const what = `${plain.length} characters, script.max_characters allows ${charactersMax}`;
    return { what };
  }
  const lines = plain.replace(BLANK_LINES, '\n\n');
  for (const [shape, what] of FLAWS) {
    const [where] = shape.exec(lines) ?? [];
    if (where !== undefined) {
      return { what, where: where.trim() };
    }
  }
  return stageDirectionIn(plain);
}
