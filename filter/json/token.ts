// What a reader answers, and why it refuses. The numbers are internal to the filter.

export enum JsonToken {
  /** Nothing read yet; an absent member. */
  NONE = 0,
  OBJECT_BEGIN = 1,
  OBJECT_END = 2,
  ARRAY_BEGIN = 3,
  ARRAY_END = 4,
  KEY = 5,
  STRING = 6,
  NUMBER = 7,
  TRUE = 8,
  FALSE = 9,
  NULL = 10,
  END = 11,
  ERROR = 12,
}

export enum JsonError {
  NONE = 0,
  /** The text ends inside a value. */
  TRUNCATED = 1,
  UNEXPECTED = 2,
  DEPTH = 3,
  /** A control character, or an escape that JSON does not have. */
  BAD_STRING = 4,
  BAD_NUMBER = 5,
  /** Something behind the value. */
  TRAILING = 6,
  /** A string is not well-formed UTF-8: two readers could see two different texts. */
  BAD_UTF8 = 7,
  /** The envelope only: a member that the gateway decides by is there twice. */
  DUPLICATE_KEY = 8,
  /** The envelope only: the text is JSON but no object. */
  NOT_OBJECT = 9,
  /** The envelope only: more members than it can tell apart, or an escaped key too long to compare. */
  KEY_LIMIT = 10,
}
