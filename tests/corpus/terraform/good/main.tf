terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = var.region
}

locals {
  name = "shop-${var.environment}"
  tags = merge(var.tags, { Environment = var.environment })
}

module "network" {
  source = "./network"
  cidr   = "10.0.0.0/16"
  zones  = ["${var.region}a", "${var.region}b"]
}

data "aws_ami" "debian" {
  most_recent = true
  owners      = ["136693071363"]
}

resource "aws_security_group" "web" {
  name   = "${local.name}-web"
  vpc_id = module.network.vpc_id

  dynamic "ingress" {
    for_each = var.ports
    content {
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }

  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_instance" "web" {
  count                  = var.instances
  ami                    = data.aws_ami.debian.id
  instance_type          = "t3.small"
  subnet_id              = module.network.subnet_ids[count.index % length(module.network.subnet_ids)]
  vpc_security_group_ids = [aws_security_group.web.id]
  tags                   = { for k, v in local.tags : k => upper(v) }

  root_block_device {
    encrypted = true
  }

  lifecycle {
    ignore_changes = [ami]
  }
}

resource "aws_s3_bucket" "assets" {
  bucket = "${local.name}-assets"
}

resource "aws_s3_bucket_policy" "assets" {
  bucket = aws_s3_bucket.assets.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = ["s3:GetObject"]
      Resource  = "${aws_s3_bucket.assets.arn}/*"
    }]
  })
}

resource "aws_db_instance" "main" {
  identifier          = local.name
  engine              = "postgres"
  instance_class      = "db.t3.micro"
  allocated_storage   = 20
  username            = "shop"
  password            = var.db_password
  storage_encrypted   = true
  publicly_accessible = false
}
