variable "GO_VERSION" {
  default = "1.23"
}

group "default" {
  targets = ["test", "release"]
}

target "_common" {
  args = {
    GO_VERSION = GO_VERSION
  }
}

target "test" {
  inherits = ["_common"]
  target   = "test"
  output   = ["type=cacheonly"]
}

target "release" {
  inherits  = ["_common"]
  target    = "release"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["example/app:latest"]
}
