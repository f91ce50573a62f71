/** A body that is JSON text already, from a cache: it is sent as it is. Inside another body it is what it says. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toJSON(): unknown {
    return JSON.parse(this.text)
  }
}

export const toJson = (body: unknown): string => (body instanceof JsonText ? body.text : JSON.stringify(body))
