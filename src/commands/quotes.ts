export type { QuoteSource } from './routes/quote-source.ts'
