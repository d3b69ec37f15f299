# Two stages: build with everything, run with the production dependencies alone, as nobody in particular, on a read-only root.
FROM node:24.18.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && chmod 0755 dist/cli/main.js && npm prune --omit=dev --ignore-scripts

FROM node:24.18.0-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config ./config
COPY docs/guides ./docs/guides
# `gatehouse <command>` works in the image as it stands; the data are for their owner alone.
RUN ln -s /app/dist/cli/main.js /usr/local/bin/gatehouse && install -d -m 0700 -o node -g node /data
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# exec form: the program becomes PID 1 and gets SIGTERM itself
CMD ["gatehouse", "start"]
