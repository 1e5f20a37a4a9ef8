import { describe, expect, it } from 'vitest';
import { flawOf } from '../../../src/services/llm/answer-check.ts';

describe('a text that can be spoken', () => {
  it.each([
    // English
    'Hello Dana, this is Northside Clinic. See you on Tuesday at 9:30.',
    'Good day! Your table for 4 - the one by the window - is kept until 8 p.m.',
    'Hello, this is Acme (UK). The fee is $12.50, that is 5% less.',
    'Hello.\n\nThis is Northside – with a reminder.\nThank you, and goodbye.',
    'Hello.\n- with a reminder.\nGoodbye.',
    'Here is a message for Dana. Your parcel #42 is ready.',
    "Here's a message from Northside Clinic: you are due on Tuesday.",
    'Here is your reminder: Tuesday at nine.',
    'We look forward to seeing you at 10 a.m. — or later, if you like…',
    '24. November is the day.',
    '1. May is a holiday.\n2. May is not.',
    'Bring your card (optional).',
    'The check-up (free of charge) takes 20 minutes (approximately).',
    'Please wait in the lobby (waiting room 2, second floor).',
    'Our nurse (speaks Spanish) will call you (daily).',
    'You are at the music school (Music Hall) at 5 (sharp).',
    'Come if you can (if you have a sore throat, please stay at home).',
    'Please note: the door is on the left. Important: bring your ID.',
    'Reminder: you are due on Tuesday. Press 1 to confirm, 2 to cancel, 3 for anything else.',
    'Call 415 555 0134 (ask for Dana), or 415-555-0135, from 8 to 5 (Monday to Friday).',
    'Your code is 4. 5. 6. The total is 1,234.50 (incl. 19% VAT).',
    'Write to dana_sample@example.com. AT&T; Barnes & Noble; all is well.',
    'The lobby (name badge needed) is open. Your number (the one we have) is the one we ring.',
    'Room 7b (20 seconds from the lift) at 5 > 4, that is 1 < 2.',
    'Option 1 is Tuesday: say yes. Of course, you can cancel. Sure thing.',
    "I'm sorry we cannot see you on Tuesday. We can help you with Wednesday.",
    'A text message follows. This call is a test of the music: enjoy.',
    'There is a pause between 12 and 1 (lunch). No silence, no music.',
    'Size XXL, and chapter XX. 50% off. The "best" price.',
    // German
    'Guten Tag Frau Muster (Zimmer 3), Ihr Termin ist am Dienstag um 9 Uhr.',
    '3. März um 9 Uhr: Bitte bringen Sie Ihre Karte mit (freiwillig).',
    '1. Stock, Zimmer 5. Parken ist kostenlos (hinter dem Haus).',
    'Unsere Kollegin (spricht Deutsch) ruft Sie an. Wir haben Pause (von 12 bis 13 Uhr).',
    'Hier ist eine Nachricht von der Praxis Nord: Ihr Termin ist am Dienstag.',
    'Natürlich können Sie absagen. Das kostet null Euro (optional).',
    // French
    'Bonjour Dana, c’est la clinique (rez-de-chaussée). À mardi !',
    'Voici un message de la clinique : votre rendez-vous est mardi (facultatif, gratuit).',
    'Le 1er mars, « au centre » (parle français), ou plus tard (si possible).',
    // Spanish
    'Hola Dana: le llamamos de la clínica (planta 2). ¡Hasta el martes!',
    'Su cita es el martes (opcional). La visita es gratuita (espera máxima de 10 minutos).',
    'Claro que puede cancelar (habla español). Aquí le esperamos.',
    // Others
    'こんにちは、「明日」の予約のご案内です（無料）。',
    '您好，您的预约是星期二（免费）。',
  ])('%s', (text) => {
    expect(flawOf(text, 250)).toBeUndefined();
  });
});

const STAGE = 'a stage direction';
const SLOT = 'a placeholder';
const BRACKETS = 'a stage direction or a placeholder in brackets';
const ANGLES = 'a tag or a placeholder in angle brackets';

describe('a text that cannot', () => {
  it.each([
    ['', 'no words in it'],
    [' \n\t ', 'no words in it'],
    ['x'.repeat(251), '251 characters, script.max_characters allows 250'],
  ])('%s', (text, what) => {
    expect(flawOf(text, 250)).toEqual({ what });
  });

  it.each<readonly [string, string, string]>([
    ['**Hello** Dana', 'markup', '**Hello**'],
    ['Hello `Dana`', 'markup', '`'],
    ['Hello _Dana_', 'markup', '_Dana_'],
    ['Hello __Dana__', 'markup', '__Dana_'],
    ['*smiles* Hello', 'markup', '*smiles*'],
    ['Hello.\\nThis is Northside.', 'markup', '\\n'],
    ['# Reminder\nHello', 'a heading', '# Reminder'],
    ['Hello\n- Tuesday\n- 9:30', 'a list', '- Tuesday\n- 9:30'],
    ['Hello\n• Tuesday', 'a list', '• Tuesday'],
    ['1. Hello\n2. Goodbye', 'a list', '1. Hello\n2. G'],
    ['Bring 1) your card 2) your pass', 'a list', '1) your card 2)'],
    ['Hello\n---\nGoodbye', 'a rule or a table', '---'],
    ['| day | time |', 'a rule or a table', '| day | time |'],
    ['Tom &amp; Dana', 'a sign in HTML', '&amp;'],
    ['Caf&eacute; at nine', 'a sign in HTML', '&eacute;'],
    ['It&#39;s Dana', 'a sign in HTML', '&#39;'],
    ['Hello Dana 😊', 'an emoji', '😊'],
    ['Press ☎ now', 'an emoji', '☎'],
    ['Go on → door', 'an emoji', '→'],
    ['See https://example.com/a', 'a link', 'https://example.com/a'],
    ['See www.example.com', 'a link', 'www.example.com'],
    ['See [here](example)', 'a link', '[here](example)'],
    // Brackets
    ['Hello [pause] Dana', BRACKETS, '[pause]'],
    ['Hello [Name]', BRACKETS, '[Name]'],
    ['Hello {{ name }}', BRACKETS, '{{ name }'],
    ['Hello {name}', BRACKETS, '{name}'],
    ['Hello 【停顿】 Dana', BRACKETS, '【停顿】'],
    ['Hello <name>', ANGLES, '<name>'],
    ['<speak>Hello</speak>', ANGLES, '<speak>'],
    ['Hello <break time="1s"/> Dana', ANGLES, '<break time="1s"/>'],
    ['Hola <número de cita>', ANGLES, '<número de cita>'],
    // Placeholders
    ['Call us on XXXX.', SLOT, 'XXXX'],
    ['Call 415-555-xxxx.', SLOT, 'xxxx'],
    ['Hello ____, this is Northside', SLOT, '____'],
    ['Hello %NAME%', SLOT, '%NAME%'],
    ['Hello %s', SLOT, '%s'],
    ['Hello $NAME', SLOT, '$NAME'],
    ['See you on appointment_day', SLOT, 'appointment_day'],
    ['Hello (your name)', SLOT, '(your name)'],
    ['Hello (Customer Name)', SLOT, '(Customer Name)'],
    ['At (insert time here)', SLOT, '(insert time here)'],
    ['Guten Tag (Name einfügen)', SLOT, '(Name einfügen)'],
    ['Bonjour (votre nom)', SLOT, '(votre nom)'],
    ['Hola (nombre del cliente)', SLOT, '(nombre del cliente)'],
    // Stage directions: English
    ...[
      '(laughs)',
      '(Pause)',
      '(short pause)',
      '(2 second pause)',
      '(pause for 2 seconds)',
      '(a brief beat)',
      '(warmly)',
      '(slowly and clearly)',
      '(very softly)',
      '(speaks slowly)',
      '(speaking in a friendly tone)',
      '(in a warm voice)',
      '(with a smile)',
      '(cheerful tone)',
      '(smiles at the phone)',
      '(clears throat)',
      '(clearing her throat)',
      '(soft music playing)',
      '(music fades)',
      '(beep)',
      '(wait for response)',
      '(waits for the beep)',
      '(waiting)',
      '(hangs up)',
      '(takes a deep breath)',
      '(sound effect: bell)',
      '(phone ringing)',
      '(end of message)',
      '(Note: keep it short)',
      '(Word count: 42)',
      '(approx. 40 words)',
      // German
      '(kurze Pause)',
      '(lacht)',
      '(lächelnd)',
      '(räuspert sich)',
      '(spricht langsam)',
      '(langsam und deutlich)',
      '(mit freundlicher Stimme)',
      '(in herzlichem Ton)',
      '(Piepton)',
      '(wartet auf Antwort)',
      '(Ende der Nachricht)',
      '(Hinweis: nicht vorlesen)',
      // French
      '(courte pause)',
      '(rires)',
      '(en souriant)',
      '(lentement)',
      '(d’une voix douce)',
      '(à voix basse)',
      '(parle lentement)',
      '(bip sonore)',
      '(attend la réponse)',
      '(fin du message)',
      // Spanish
      '(pausa breve)',
      '(risas)',
      '(sonriendo)',
      '(habla despacio)',
      '(con voz suave)',
      '(con un tono amable)',
      '(espera respuesta)',
      '(fin del mensaje)',
      '（停顿）',
    ].map((where) => [`Dana, ${where} goodbye.`, STAGE, where] as const),
    ['Hello.\nPause.\nGoodbye.', STAGE, 'Pause.'],
    ['Hello -- pause -- Dana', STAGE, '- pause -'],
    // Labels
    ['Agent: Hello Dana', 'the name of a speaker', 'Agent:'],
    ['Hello.\nSpeaker 2: Goodbye', 'the name of a speaker', 'Speaker 2:'],
    ['Sprecherin: Guten Tag', 'the name of a speaker', 'Sprecherin:'],
    ['Voz: Hola', 'the name of a speaker', 'Voz:'],
    ['SFX: a phone rings\nHello', 'a remark', 'SFX: a phone rings'],
    ['Hello.\nNote: say it slowly', 'a remark', 'Note: say it slowly'],
    ['Guten Tag.\nHinweis: 20 Wörter', 'a remark', 'Hinweis: 20 Wörter'],
    ['Bonjour.\nRemarque : court', 'a remark', 'Remarque : court'],
    ['Hola.\nNota: breve', 'a remark', 'Nota: breve'],
    ['Option 1: Hello\nOption 2: Hi', 'several texts', 'Option 1:'],
    // Words to whoever asked
    ...[
      ["Sure! Here's the script for Dana:", ' Hello'],
      ['Here is the message:', '\nHello'],
      ['Here is the message', '\nHello'],
      ['Certainly, here is a short text for the call:', ' Hello'],
      ['Hier ist der Text:', ' Guten Tag'],
      ['Gerne! Hier ist die Nachricht:', ' Guten Tag'],
      ['Bien sûr ! Voici le message :', ' Bonjour'],
      ['Voici le texte de l’appel :', ' Bonjour'],
      ['¡Claro! Aquí tienes el mensaje:', ' Hola'],
      ['Aquí está el guion:', ' Hola'],
      ['Certainly!', ' Hello Dana.'],
    ].map(([where = '', rest = '']) => [where + rest, 'words about the text', where] as const),
    ['Hello. Let me know if you want any changes.', 'words about it', ''],
    ['Hello. I hope this helps', 'words about it', ''],
    ["I'm sorry, but I can't assist with that request.", 'a refusal', ''],
    ['As an AI language model, I have no voice.', 'a refusal', ''],
    ['Leider, dabei kann ich nicht helfen.', 'a refusal', ''],
    ['Désolé, je ne peux pas vous aider.', 'a refusal', ''],
    ['Lo siento, no puedo ayudarte con eso.', 'a refusal', ''],
  ])('%s', (text, what, where) => {
    const flaw = flawOf(text, 250);
    expect(flaw).toEqual({ what, where: where === '' ? expect.any(String) : where });
    expect(text).toContain(flaw?.where);
  });

  it('takes no time to speak of, whatever was written', () => {
    const nasty = [
      `(${'1'.repeat(79)}) `,
      '_ _',
      '(a',
      '| ',
      '(pause ',
      '1) ',
      '- a\n',
      'sure ',
      '1. a\n',
      '[',
      '(in a ',
      'a_',
    ];
    const begunMs = performance.now();
    for (const text of nasty) {
      flawOf(text.repeat(Math.floor(10_000 / text.length)), 10_000);
    }
    expect(performance.now() - begunMs).toBeLessThan(2_000);
  });
});
