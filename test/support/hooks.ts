import { closeServices } from './services.ts'

export const mochaHooks = {
  afterAll: closeServices,
}
