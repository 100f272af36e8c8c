variable "REGISTRY" {
  default = "registry.example.com/shop"
}

variable "NODE_VERSION" {
  default = "22"
}

group "default" {
  targets = ["services", "docs"]
}

group "services" {
  targets = ["api", "web", "worker", "billing", "search", "mail", "admin", "gateway"]
}

# The tools and users that every service has.
target "base" {
  context = "base"
  args = {
    NODE_VERSION = NODE_VERSION
  }
}

# The packages that several services import, compiled once.
target "libs" {
  context = "libs"
  contexts = {
    base = "target:base"
  }
}

target "_service" {
  contexts = {
    base = "target:base"
    libs = "target:libs"
  }
}

target "node-service" {
  name       = service
  inherits   = ["_service"]
  context    = "services/${service}"
  dockerfile = "../node.Dockerfile"
  matrix = {
    service = ["worker", "billing", "mail"]
  }
  tags = ["${REGISTRY}/${service}:latest"]
}

target "api" {
  inherits  = ["_service"]
  context   = "services/api"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${REGISTRY}/api:latest"]
}

target "search" {
  context = "services/search"
  tags    = ["${REGISTRY}/search:latest"]
}

# The pages are served by the gateway, and call the API with its generated client.
target "web" {
  inherits = ["_service"]
  context  = "services/web"
  contexts = {
    api = "target:api"
  }
  tags = ["${REGISTRY}/web:latest"]
}

target "admin" {
  inherits = ["_service"]
  context  = "services/admin"
  tags     = ["${REGISTRY}/admin:latest"]
}

target "gateway" {
  context = "services/gateway"
  contexts = {
    web   = "target:web"
    admin = "target:admin"
  }
  tags = ["${REGISTRY}/gateway:latest"]
}

target "docs" {
  context = "docs"
}
