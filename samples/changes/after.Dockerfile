# The same after a review: a newer node, a test that has to pass, no preview any more.
FROM node:20 AS builder
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM alpine:3.20 AS certificates
RUN apk add --no-cache ca-certificates

FROM builder AS test
RUN npm test > report.txt

FROM nginx:1.25
COPY --from=certificates /etc/ssl/certs /etc/ssl/certs
COPY --from=builder /app/dist /usr/share/nginx/html
COPY --from=test /app/report.txt /usr/share/doc/
