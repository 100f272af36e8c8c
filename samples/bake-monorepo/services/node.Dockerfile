FROM base AS dependencies
COPY package.json package-lock.json ./
RUN npm ci --omit=dev

FROM base
COPY --from=libs /libs ./libs
COPY --from=dependencies /app/node_modules ./node_modules
COPY . .
CMD ["node", "main.js"]
