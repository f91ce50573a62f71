// What is not mutated, each with its reason. Codes, event names and ids stay in: a string without a space is one of them.
import { createRequire } from 'node:module'

const { declareValuePlugin, PluginKind } = createRequire(import.meta.url)('@stryker-mutator/api/plugin')

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'prose', {
    shouldIgnore: ({ node, parent }) => {
      if (isProse(node)) return 'a sentence for people: what decides is the code beside it'
      if (node.type === 'SwitchCase' && node.test === null && saysNever(node.consequent)) return 'unreachable: the compiler proves it'
      if (parent?.type === 'ThrowStatement') return 'a bug of the caller, never an outcome: the words of the error decide nothing'
      return undefined
    },
  }),
]

const isProse = (node) =>
  (node.type === 'StringLiteral' && /\s/.test(node.value)) ||
  (node.type === 'TemplateLiteral' && node.quasis.some(({ value }) => /\s/.test(value.raw)))

/** A default branch that ends in `x satisfies never`. */
const saysNever = (nodes) =>
  nodes.some((node) => JSON.stringify(node, (key, value) => (key === 'loc' ? undefined : value)).includes('TSNeverKeyword'))
