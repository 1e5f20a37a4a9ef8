/**
 * Which parentheses are for the voice and not for the listener. What stands in parentheses is
 * mostly ordinary speech ("the second floor (no lift)"), so only what tells how to speak, what is
 * to be heard besides, or what is to be filled in, is found. English, German, French, Spanish.
 */

/** Of everything in parentheses, in what order it comes. */
const PARENTHESES = /[(（]\s*([^()（）]{1,80}?)\s*[)）]/g;

const HOW_LONG =
  '(?:a|an|the|one|two|three|short|long|brief|slight|small|dramatic|kurze|lange|kleine|courte|' +
  'petite|longue|breve|pequeña|larga|upbeat|deep|lunga|pequena|korte|\\d{1,2}(?!\\d)|' +
  'seconds?|sekunden?|secondes?|segundos?|sec|moment)';
const HEARD =
  'pauses?|pausa|beat|silence|silencio|stille|beeps?|bip|pitido|piepton|signalton|music|musik|' +
  'musique|música|jingle|laughter|laughs?|laughing|lacht|lachend|rires?|rit|riant|risas?|ríe|' +
  'se ríe|riendo|sighs?|sighing|seufzt|soupire|suspira|chuckl(?:es?|ing)|giggl(?:es?|ing)|' +
  'smil(?:es?|ing)|lächelt|lächelnd|sourit|souriant|en souriant|sonríe|sonriendo|' +
  'whispers?|whispering|flüstert|flüsternd|chuchote|susurra|susurrando|coughs?|coughing|' +
  'applause|applaus|wait|waits|waiting|wartet|attend|espera|pausing|inhales|exhales|nods|' +
  'whispered|breath|ring ring|clicks?|knock knock|knocking|typing|' +
  'pauze|stilte|glimlacht|silenzio|musica|ride|ridendo|sorride|sorridendo|sospira|' +
  'silêncio|risos|sorri|sorrindo|pauza|śmiech|uśmiech|пауза|смеётся|смеется|улыбается|вздыхает|' +
  '沉默|微笑|笑|笑い|間|沈黙|ポーズ';
const MANNER =
  'slowly|softly|warmly|gently|quietly|loudly|calmly|cheerful(?:ly)?|happily|excited(?:ly)?|' +
  'enthusiastic(?:ally)?|professionally|politely|brightly|clearly|kindly|friendly|upbeat|warm|' +
  'seriously|sadly|reassuringly|sincerely|sympathetically|slow|slower|faster|louder|softer|' +
  'langsam|leise|freundlich|herzlich|ruhig|fröhlich|deutlich|heiter|einfühlsam|' +
  'lentement|doucement|chaleureusement|calmement|clairement|gaiement|poliment|' +
  'lentamente|despacio|suavemente|cálidamente|alegremente|claramente|amablemente|con calma';
const AND = '(?:\\s*,\\s*|\\s+)(?:(?:and|but|und|aber|et|mais|y|pero|very|sehr|très|muy)\\s+)?';
const FILLED_IN =
  "(?:(?:customer|client|patient|contact|recipient|caller|agent|company|clinic)(?:['’]s)?\\s+)?" +
  '(?:(?:first|last|full|phone|appointment)\\s+)?(?:name|date|time|number|company|clinic)|' +
  'name des (?:kunden|patienten)|nom du client|nombre del cliente';

const SECONDS = '(?:seconds?|sekunden?|secondes?|segundos?|moment)';
const GOES_ON = '(?:here|then|plays?|playing|starts?|stops?|fades?|fading|sonore|spielt)';
const SPEAKS = '(?:speaks?|speaking|spoken|spricht|parle|habla|reads?|reading|said|liest|lit|lee)';
const REPLY = '(?:answers?|reply|response|responds?|beep|tone|antwort|réponse|respuesta)';

const STAGE_DIRECTIONS = [
  // What is to be heard, and for how long: "(short pause)", "(pause for 2 seconds)".
  `^(?:${HOW_LONG}[ -]?)*(?:soft |douce )?(?:${HEARD})(?: (?:breve|corta|larga|courte))?$`,
  `^(?:${HEARD}) (?:for|von|de|of)\\b.{0,20}\\b${SECONDS}$`,
  `^(?:soft |douce )?(?:${HEARD}) ${GOES_ON}\\b.{0,20}$`,
  '^(?:laughs|smiles|sighs|chuckles|pauses|whispers|lacht|lächelt|seufzt|sourit)\\b.{0,60}$',
  '\\b(?:sfx|sound effects?|background (?:noise|music)|phone ring(?:s|ing)|fades? out)\\b',
  // How to speak.
  `^(?:very |sehr |très |muy )?(?:${MANNER})(?:${AND}(?:${MANNER}))*$`,
  `^(?:${MANNER}),? with (?:energy|warmth)$`,
  '^(?:tone|voice|tonfall|tono)\\s*:|^\\p{L}+er (?:ton|stimme)$|^(?:语气|停顿|暂停|轻声)\\p{L}*$',
  `^${SPEAKS}\\s+.{0,20}\\b(?:${MANNER})$`,
  `^${SPEAKS}\\s+(?:in|with|more|mit|plus|más|con)\\b.{0,60}$`,
  '\\b(?:in|with|mit|im)\\b.{0,40}\\b(?:tone|voice|smile|ton|stimme|lächeln)$',
  "(?:^|\\s)(?:d['’]une? (?:voix|ton)|à voix|en voz|con (?:voz|(?:un )?tono))\\b.{0,40}$",
  '^(?:\\p{L}+ ){1,2}tone$|^tono? \\p{L}+$|\\btone of voice\\b',
  '^(?:clear(?:s|ing) .{0,8}throat|räuspert sich|se racle la gorge|se aclara la garganta)$',
  // What is to be done.
  '^paus(?:e|es|ing) (?:briefly|shortly|here|for effect)$|^emphasi[sz]e\\b.{0,30}$',
  '^(?:if|on) (?:it goes to |reaching )?(?:voice ?mail|an answering machine)$',
  "^\\p{L}+['’]s voicemail$",
  `^(?:(?:wait|hold)(?:s|ing)? (?:for|until)|wartet auf|attend|espera)\\b.{0,30}(?:^|\\s)${REPLY}$`,
  '^(?:hangs? up|ends? (?:the )?call|takes? a (?:deep )?breath|legt auf|raccroche|cuelga)$',
  // What is said of the text.
  '^(?:end|start|beginning) of (?:the )?(?:call|message|script|text)$|^(?:message|call) ends$',
  '^(?:ende der nachricht|ende des anrufs|fin du message|fin del? (?:mensaje|la llamada))$',
  '^(?:note|nota|hinweis|anmerkung|remarque|sfx)\\s*:',
  '^(?:word|character) count\\b|^(?:approx\\S*|about|ca\\.)? ?\\d+ (?:words|characters)$',
  '^(?:words|wörter|mots|palabras|zeichen|caractères|caracteres)\\s*:\\s*\\d+$',
];

const PLACEHOLDERS = [
  `^(?:insert |enter |your |ihr |votre |su |tu )?(?:${FILLED_IN})$`,
  '^(?:insert|enter)\\s.{0,20}\\b(?:name|date|time|number)(?: here)?$',
  '^(?:insertar|insérer)\\s.{0,20}\\b(?:nombre|nom|fecha|date|hora|heure)$',
  '^(?:ihr|ihren|votre|su|tu) (?:name|namen|nom|nombre|datum|fecha)$',
  '\\b(?:name|datum|uhrzeit|termin|firma)\\s+(?:hier )?einfügen$',
];

const FOR_THE_VOICE: readonly (readonly [RegExp, string])[] = [
  ...STAGE_DIRECTIONS.map((shape) => [new RegExp(shape, 'iu'), 'a stage direction'] as const),
  ...PLACEHOLDERS.map((shape) => [new RegExp(shape, 'iu'), 'a placeholder'] as const),
];

/** What is found first, with its parentheses. */
export function stageDirectionIn(text: string): { what: string; where: string } | undefined {
  for (const [where, inside = ''] of text.matchAll(PARENTHESES)) {
    const found = FOR_THE_VOICE.find(([shape]) => shape.test(inside));
    if (found !== undefined) {
      return { what: found[1], where };
    }
  }
  return undefined;
}
