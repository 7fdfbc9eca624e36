module postrider.dev/pause

go 1.26.0
