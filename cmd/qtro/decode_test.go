package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-qtro/qtro/qt"
)

// TestCaptures decodes and checks every conversation that real Qt had.
func TestCaptures(t *testing.T) {
	files, err := filepath.Glob("../../wire/testdata/qt*/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		code, out, warn := qtro(t, "decode", "--check", file)
		require.Zero(t, code, warn)
		require.Empty(t, warn)
		protocol := "QtRO 2.0"
		if strings.Contains(file, "qt5") {
			protocol = "QtRO 1.3"
		}
		require.Contains(t, out, "packets of "+protocol)
		require.Contains(t, out, "all decoded, and encoded to the same bytes")

		code, text, warn := qtro(t, "decode", file)
		require.Zero(t, code, warn)
		code, lines, warn := qtro(t, "--json", "decode", file)
		require.Zero(t, code, warn)
		summaries := captureKinds(t, file)
		var kinds, shown []string
		for line := range strings.Lines(lines) {
			var packet struct{ Kind string }
			require.NoError(t, json.Unmarshal([]byte(line), &packet), "%s: %s", file, line)
			kinds = append(kinds, packet.Kind)
		}
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, " ") {
				shown = append(shown, strings.Fields(line)[1])
			}
		}
		require.Equal(t, summaries, kinds, file)
		require.Equal(t, summaries, shown, file)
	}
}

// captureKinds are the packet types by the comments behind the packets.
func captureKinds(t *testing.T, file string) (kinds []string) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "S>C") || strings.HasPrefix(line, "C>S") {
			_, summary, _ := strings.Cut(line, "#")
			kind, _, _ := strings.Cut(strings.TrimSpace(summary), ",")
			kinds = append(kinds, strings.TrimSuffix(kind, "Packet"))
		}
	}
	return kinds
}

// probeVec is the type that a user registered with the peer that wrote the values.
type probeVec struct {
	X, Y, Z float64
	N       int32
}

func init() {
	qt.Register("probe::Vec3", qt.Codec[probeVec]{
		Decode: func(r *qt.Reader) probeVec { return probeVec{X: r.Float64(), Y: r.Float64(), N: r.Int32()} },
		Encode: func(w *qt.Writer, v probeVec) { w.Float64(v.X); w.Float64(v.Y); w.Int32(v.N) },
	})
}

// TestVariants decodes and checks every value that real Qt wrote, in both byte orders.
func TestVariants(t *testing.T) {
	files, err := filepath.Glob("../../qt/testdata/variants*.txt")
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, file := range files {
		protocol := "2.0"
		if strings.Contains(file, "qt5") {
			protocol = "1.3"
		}
		var types, little, big []string
		f, err := os.Open(file)
		require.NoError(t, err)
		s := bufio.NewScanner(f)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			columns := strings.Split(s.Text(), " | ")
			if n := len(columns); n >= 4 && !strings.HasPrefix(s.Text(), "#") {
				types, little, big = append(types, columns[0]), append(little, columns[n-2]), append(big, columns[n-1])
			}
		}
		require.NoError(t, s.Err())
		f.Close()
		for order, lines := range map[string][]string{"--no-big-endian": little, "--big-endian": big} {
			stdin := strings.Join(lines, "\n")
			code, out, warn := qtroWith(t, stdin, "decode", "--variant", "--check", "--protocol", protocol, order)
			require.Zero(t, code, warn)
			require.Contains(t, out, fmt.Sprintf("%d values of QtRO %s", len(lines), protocol))
			code, out, warn = qtroWith(t, stdin, "--json", "decode", "--variant", "--protocol", protocol, order)
			require.Zero(t, code, warn)
			decoded := strings.Split(strings.TrimSpace(out), "\n")
			require.Len(t, decoded, len(lines))
			for i, line := range decoded {
				var v struct{ Type string }
				require.NoError(t, json.Unmarshal([]byte(line), &v), line)
				if v.Type != "" { // the invalid variant has none
					assert.Equal(t, types[i], v.Type, "%s line %d", file, i)
				}
			}
		}
	}
}

const hello = "S>C 160000000100100000005100740052004f00200032002e003000\n"

func TestDecodeInput(t *testing.T) {
	const ping = "C>S 100000000a000a000000410042004300440045\n" // cut below
	for name, c := range map[string]struct {
		stdin, want string
		args        []string
	}{
		"nothing":         {"# only a comment\n", "no packets found", nil},
		"no value":        {"\n", "no values found", []string{"--variant"}},
		"no direction":    {"deadbeef\n", `stdin: line 1: expected S>C HEX or C>S HEX, got "deadbeef"`, nil},
		"no hex":          {hello + "S>C xyz\n", "stdin: line 2: not hex", nil},
		"short":           {hello + "# c\n\nS>C 0400\n", "stdin: line 4: ", nil},
		"too short a len": {hello + ping, "line 2: ", nil},
		"left over":       {strings.Replace(hello, "16", "17", 1)[:len(hello)-1] + "00\n", "line 1: ", nil},
		"unknown type":    {hello + "S>C 220000000700020000004100010000000000010000000000040000004162630000000000\n", "line 2: ", nil},
		"schema":          {`# schema {"pods": 3}`, "line 1: schema comment", nil},
		"enum size":       {`# schema {"enums": {"E": 3}}`, "enum E of 3 bytes", nil},
		"value":           {"00000002000000002a\n00", "line 2: ", []string{"--variant", "--big-endian"}},
	} {
		for _, check := range []bool{true, false} {
			args := append([]string{"decode"}, c.args...)
			if check {
				args = append(args, "--check")
			}
			code, _, warn := qtroWith(t, c.stdin, args...)
			assert.Equal(t, failed, code, name)
			assert.Contains(t, warn, c.want, name)
			if check {
				assert.Equal(t, 1, strings.Count(warn, "\n"), "%s: %s", name, warn)
			}
		}
	}
	requireError(t, failed, "no such file", "decode", "/nonexistent/capture.txt")
	code, out, warn := qtroWith(t, hello+"S>C 00\n"+hello, "decode", "-")
	require.Equal(t, failed, code)
	require.Equal(t, strings.Repeat("S>C Handshake      QtRO 2.0\n", 2), strings.ReplaceAll(out, "  QtRO", "  QtRO"))
	require.Contains(t, warn, "stdin: 1 of 3 packets could not be decoded")
}

// What --check finds: a byte that encodes to another one. Maps of Qt are sorted, these are not.
func TestCheckDifference(t *testing.T) {
	err := sameBytes("Init", []byte{1, 2, 3}, []byte{1, 2, 4})
	require.EqualError(t, err, "Init: at offset 2: 03 in the file, 04 when encoded again")
	err = sameBytes("Init", []byte{1, 2}, []byte{1})
	require.EqualError(t, err, "Init: at offset 1: 02 in the file, the end when encoded again")
	// A bool that is neither 0 nor 1 is read as true.
	code, _, warn := qtroWith(t, "00000001 00 02 # bool\n", "decode", "--variant", "--big-endian", "--check")
	require.Equal(t, failed, code)
	require.Equal(t, "qtro: stdin: line 1: QVariant: at offset 5: 02 in the file, 01 when encoded again\n", warn)
}

func TestDecodeVariants(t *testing.T) {
	code, out, warn := qtroWith(t, "02000000 00 2a000000  # int\n", "decode", "--variant")
	require.Zero(t, code, warn)
	require.Equal(t, "int\t42\n", out)
	code, out, _ = qtroWith(t, "02000000002a000000", "--json", "decode", "--variant", "--check")
	require.Zero(t, code)
	require.Equal(t, `{"file":"stdin","values":1,"bytes":9,"protocol":"QtRO 2.0"}`+"\n", out)
}

// What the definitions in a capture tell names members and enums.
func TestDecodeNames(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"qt6.4.2/nested_dynamic.txt", `        mode = "Sampling"`},
		{"qt6.4.2/nested_dynamic.txt", `        alarms = "Smoke|Flood"`},
		{"qt5.15.8/nested_dynamic.txt", `        mode = "Sampling"`},
		{"qt6.4.2/calls_dynamic.txt", `C>S Invoke         Station.cycle("Idle")  #6`},
		{"qt6.4.2/calls_dynamic.txt", `S>C InvokeReply    Station.cycle -> "Sampling"  #6`},
		{"qt5.15.8/calls.txt", `C>S Invoke         Station[6](40, 2)  #1`},
		{"qt6.4.2/registry_host.txt", `C>S Invoke         Registry.addSource({"name":"Thermostat"`},
		{"qt6.4.2/model_rootsize.txt", `Table.replicaSizeRequest(`},
		{"qt6.4.2/typed_acquire.txt", `S>C Init           Station 38 properties`},
		{"qt6.4.2/typed_acquire.txt", `        [36] = Gauge Class::Station::gauge`},
	} {
		code, out, warn := qtro(t, "decode", "../../wire/testdata/"+c.file)
		require.Zero(t, code, warn)
		assert.Contains(t, out, c.want, c.file)
	}
	_, out, _ := qtro(t, "--json", "decode", "../../wire/testdata/qt6.4.2/calls_dynamic.txt")
	require.Contains(t, out, `"object":"Station","slot":"cycle","serial":6,"type":"Station::Mode","value":"Sampling"}`)
}
