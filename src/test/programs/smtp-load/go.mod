module postrider.dev/smtp-load

go 1.26.0
