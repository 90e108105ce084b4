variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "environment" {
  type        = string
  description = "Short name of the environment."
  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "The environment is dev or prod."
  }
}

variable "instances" {
  type    = number
  default = 2
}

variable "ports" {
  type    = list(number)
  default = [80, 443]
}

variable "tags" {
  type    = map(string)
  default = {}
}

variable "db_password" {
  type      = string
  sensitive = true
}
