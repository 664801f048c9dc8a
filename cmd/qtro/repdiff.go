package main

import (
	"fmt"
	"strings"
)

// diffContext is how many lines that are the same are shown around a change.
const diffContext = 3

// edit is a line of a comparison: ' ' in both texts, '-' in the first, '+' in the second.
type edit struct {
	op   byte
	text string
}

// diff compares two texts and returns the differences in the unified format.
func diff(name, a, b string) []string {
	edits := compare(splitLines(a), splitLines(b))
	out := []string{"--- " + name, "+++ " + name + " (formatted)"}
	oldLine, newLine := 1, 1
	for i := 0; i < len(edits); {
		if edits[i].op == ' ' {
			i++
			oldLine++
			newLine++
			continue
		}
		from := max(0, i-diffContext)
		end, last := i, i
		for end < len(edits) && end-last <= 2*diffContext {
			if edits[end].op != ' ' {
				last = end
			}
			end++
		}
		end = min(len(edits), last+diffContext+1)
		hunk := edits[from:end]
		back := i - from
		olds, news := count(hunk, '-'), count(hunk, '+')
		out = append(out, fmt.Sprintf("@@ -%d,%d +%d,%d @@", oldLine-back, olds, newLine-back, news))
		for _, e := range hunk {
			out = append(out, string(e.op)+e.text)
		}
		oldLine += olds - back
		newLine += news - back
		i = end
	}
	return out
}

// count returns how many lines of a hunk are in the text whose lines op marks.
func count(hunk []edit, op byte) int {
	n := 0
	for _, e := range hunk {
		if e.op == ' ' || e.op == op {
			n++
		}
	}
	return n
}

func splitLines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// compare finds the longest common subsequence of lines, between the lines that are the same at both ends.
func compare(a, b []string) []edit {
	var head, tail []edit
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		head = append(head, edit{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append([]edit{{' ', a[len(a)-1]}}, tail...)
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	common := make([][]int32, len(a)+1) // lengths for what is left of both
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			head = append(head, edit{' ', a[i]})
			i++
			j++
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			head = append(head, edit{'-', a[i]})
			i++
		default:
			head = append(head, edit{'+', b[j]})
			j++
		}
	}
	return append(head, tail...)
}
