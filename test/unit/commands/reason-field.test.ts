import assert from 'node:assert/strict'
import { ReasonField } from '../../../src/commands/routes/fields.ts'

describe('the reason that an operator gives', () => {
  const taken = (text: string): boolean => ReasonField.safeParse(text).success

  it('is up to 200 printable characters of any writing', () => {
    for (const text of ['drill', 'Übung', '訓練', 'fire 🔥', 'x'.repeat(200)]) assert(taken(text), text)
    for (const text of ['', '  ', 'a\nb', 'a\u0000', 'x'.repeat(201)]) assert.equal(taken(text), false, JSON.stringify(text))
  })
  it('is text that a database gives back as the log has it: no half of a surrogate pair', () => {
    for (const text of ['a\ud800', '\udc00b', 'a\ud800b']) assert.equal(taken(text), false, JSON.stringify(text))
  })
})
