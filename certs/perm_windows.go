package certs

// readableByOthers cannot tell: Windows has access lists, which the mode of a file does not show.
func readableByOthers(string) bool { return false }
