package main

import (
	"strings"
	"testing"
)

const stream = `{"Action":"build-output","ImportPath":"m/broken","Output":"broken.go:1: no\n"}
{"Action":"build-fail","ImportPath":"m/broken"}
{"Action":"start","Package":"m/broken"}
{"Action":"fail","Package":"m/broken","FailedBuild":"m/broken","Elapsed":0}
{"Action":"output","Package":"m/a","Test":"TestGood","Output":"quiet\n"}
{"Action":"pass","Package":"m/a","Test":"TestGood","Elapsed":0.1}
{"Action":"output","Package":"m/a","Test":"TestBad","Output":"=== RUN   TestBad\n"}
{"Action":"output","Package":"m/a","Test":"TestBad","Output":"    a_test.go:3: loud\n"}
{"Action":"fail","Package":"m/a","Test":"TestBad","Elapsed":0.1}
{"Action":"output","Package":"m/a","Test":"TestAway","Output":"    a_test.go:9: needs Qt 5\n"}
{"Action":"output","Package":"m/a","Test":"TestAway","Output":"--- SKIP: TestAway (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"TestAway","Elapsed":0}
{"Action":"fail","Package":"m/a","Elapsed":0.2}
{"Action":"output","Package":"m/panics","Test":"TestBoom","Output":"panic: boom\n"}
{"Action":"fail","Package":"m/panics","Elapsed":0.1}
{"Action":"skip","Package":"m/empty","Elapsed":0}
`

func TestSummary(t *testing.T) {
	var out strings.Builder
	s := newSummary(&out)
	if err := s.read(strings.NewReader(stream)); err != nil {
		t.Fatal(err)
	}
	if got, want := s.String(), "1 3 1\nskipped: needs Qt 5 (1)\n"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	for _, want := range []string{"broken.go:1: no", "loud", "panic: boom"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	for _, noise := range []string{"quiet", "=== RUN"} {
		if strings.Contains(out.String(), noise) {
			t.Errorf("the output has %q:\n%s", noise, out.String())
		}
	}
}
