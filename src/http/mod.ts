/** Everything about serving and calling HTTP that no feature owns alone. @module */
export { isLoopbackAuthority } from "./address.ts";
export { errorAnswerFrom, type ErrorAnswerInit, jsonAnswer, jsonTextAnswer } from "./answers.ts";
export { type Answerer, type App, type AppComponents, type AppInit, createApp } from "./app.ts";
export { bearerAuthenticator, bearerTokenOf } from "./bearer-authenticator.ts";
export { type Call, type CallComponents, makeCall, type Reply } from "./call.ts";
export { listen, type ListenInit } from "./listen.ts";
export {
  isSigned,
  type MessageSigner,
  type RequestToSign,
  type SignedRequest,
  signMessage,
  type VerifiedMessage,
  verifyMessage,
} from "./message-signature.ts";
export { parseRetryAfter } from "./retry-after.ts";
export { openApiDocument } from "./openapi-route.ts";
export { type CheckResult, type Checks, healthRoutes, metricsRoute } from "./standard-routes.ts";
export * from "./types.ts";
