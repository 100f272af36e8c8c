# A web page and its server, as they were built.
FROM node:16 AS builder
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install
COPY . .
RUN npm run build

FROM alpine:3.20 AS certs
RUN apk add --no-cache ca-certificates

FROM node:16-alpine AS preview
COPY --from=builder /app/dist /app
CMD ["npx", "serve", "/app"]

FROM nginx:1.25
COPY --from=certs /etc/ssl/certs /etc/ssl/certs
COPY --from=builder /app/dist /usr/share/nginx/html
