output "addresses" {
  value = aws_instance.web[*].public_ip
}

output "summary" {
  value = <<-EOT
    %{for instance in aws_instance.web~}
    ${instance.id} in ${var.region}
    %{endfor~}
  EOT
}
