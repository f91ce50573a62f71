# One image for every role: docker build -t quant-bot . && docker run quant-bot --role commands
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
COPY bench bench
COPY migrations migrations
RUN node scripts/build.mjs && npm prune --omit=dev --no-audit --no-fund --loglevel=error

FROM node:20-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 QUANTBOT_DATA=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY programs/amm/amm.so programs/amm/amm.so
COPY deploy/migrate.mjs deploy/local-chain.mjs deploy/forward.mjs deploy/
# Volumes mounted on these folders take over their owner: the image runs as an ordinary user.
RUN mkdir -p /data /chain && chown node:node /data /chain && chmod 700 /data /chain
USER node
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# No shell between the signal and the process.
ENTRYPOINT ["node", "--enable-source-maps", "--max-semi-space-size=64", "dist/src/main.js"]
CMD ["--role", "commands"]
