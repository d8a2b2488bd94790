/** From an answer of the API to words with places, and how much each looked at which. */

/**
 * Reads what an answer tells of its sentences.
 *
 * A sentence has its `source` and `target` ranges in the two texts, its `confidence`, its
 * `sourceWords` ({text, start, end}; the places are null where the word does not stand in the text
 * as the model read it) and its `targetWords`, which have also a `probability`, their `looks` (one
 * share for each source word) and `atEnd`, the share of the end of the sentence.
 */
export function readSentences(text, answer) {
  const places = unitsOf(text);
  let from = 0;
  return answer.sentences.map((sentence, n) => {
    const source = { start: places[sentence.start], end: places[sentence.end] };
    const found = answer.translatedText.indexOf(sentence.target, from);
    const start = found < 0 ? from : found;
    const target = { start, end: found < 0 ? start : start + sentence.target.length };
    from = target.end;
    const confidence = sentence.confidence;
    const ranges = { text, source, translated: answer.translatedText, target };
    return { source, target, confidence, ...words(ranges, sentence, answer.alignment[n]) };
  });
}

/** The words that a word looked at most, most first: {word, share}; `word` is null for the end. */
export function mostLooked(word, sentence, least = 0.1, count = 3) {
  return word.looks
    .map((share, n) => ({ word: sentence.sourceWords[n], share }))
    .concat({ word: null, share: word.atEnd })
    .filter(({ share }) => share >= least)
    .sort((a, b) => b.share - a.share)
    .slice(0, count);
}

/** Places in UTF-16 units by places in code points, as JavaScript and Python count. */
function unitsOf(text) {
  const places = [];
  let place = 0;
  for (const character of text) {
    places.push(place);
    place += character.length;
  }
  return [...places, place];
}

function words({ text, source, translated, target }, sentence, alignment) {
  const read = alignment.source.slice(0, -1);
  const written = alignment.target.slice(0, alignment.target.length - endMarks(alignment));
  const columns = unitsIn(read, alignment.words.source);
  const rows = unitsIn(written, alignment.words.target);
  const sourceWords = locate(columns.texts, text, source);
  const probabilities = probabilitiesOf(sentence.tokens, rows);
  const targetWords = locate(rows.texts, translated, target).map((word, j) => {
    const pieces = rows.pieces[j].map((piece) => alignment.weights[piece]);
    const looks = columns.pieces.map((of) => mean(pieces, (weights) => sum(of, weights)));
    const atEnd = mean(pieces, (weights) => weights.at(-1));
    return { ...word, looks, atEnd, probability: probabilities?.[j] ?? null };
  });
  return { sourceWords, targetWords };
}

/** 1 where the translation ended by itself, and so has the same end mark as its source. */
function endMarks(alignment) {
  return alignment.target.at(-1) === alignment.source.at(-1) ? 1 : 0;
}

/**
 * Texts of the words, and the places of their pieces. In a language that writes no spaces a
 * sentence is a single word, so its pieces are taken instead.
 */
function unitsIn(pieces, texts) {
  if (texts.length === 1 && pieces.length > 3) {
    return { texts: pieces.map((piece) => piece.replaceAll("▁", "")), pieces: pieces.map((_, n) => [n]) };
  }
  const groups = [];
  pieces.forEach((piece, n) => {
    if (piece.startsWith("▁") || groups.length === 0) {
      groups.push([]);
    }
    groups.at(-1).push(n);
  });
  return { texts, pieces: groups };
}

/** Finds words in a range of a text, one after the other; the first may have become a capital. */
function locate(texts, text, range) {
  const searched = lower(text);
  let from = range.start;
  return texts.map((word) => {
    const start = word === "" ? -1 : searched.indexOf(lower(word), from);
    const end = start + word.length;
    if (start < 0 || end > range.end) {
      return { text: word, start: null, end: null };
    }
    from = end;
    return { text: text.slice(start, end), start, end };
  });
}

/** Small letters, where they take the places of the capitals. */
function lower(text) {
  const small = text.toLowerCase();
  return small.length === text.length ? small : text;
}

/** The least probable token of each word; null where words and tokens do not fit together. */
function probabilitiesOf(tokens, rows) {
  const words = [];
  for (const { text, probability } of tokens) {
    if (text.startsWith(" ") || words.length === 0) {
      words.push(1);
    }
    words[words.length - 1] = Math.min(words.at(-1), probability);
  }
  if (words.length === rows.texts.length) {
    return words;
  }
  return tokens.length === rows.texts.length ? tokens.map((token) => token.probability) : null;
}

const sum = (places, weights) => places.reduce((total, place) => total + weights[place], 0);
const mean = (rows, of) => rows.reduce((total, row) => total + of(row), 0) / rows.length;
