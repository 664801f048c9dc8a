import QtQuick

// How warm it was, and should have been.
Item {
    id: chart

    property var readings: []
    property color accent: "#4fd1c5"

    readonly property int points: readings.length
    readonly property var degrees: Array.from(readings, r => r.celsius).concat(Array.from(readings, r => r.target))
    readonly property real low: points ? Math.floor(Math.min(...degrees)) : 0
    readonly property real high: points ? Math.ceil(Math.max(...degrees)) : 0

    function time(i) { return points ? Qt.formatTime(readings[i].at, "HH:mm") : "" }

    onReadingsChanged: canvas.requestPaint()
    onAccentChanged: canvas.requestPaint()

    component Label: Text {
        color: "#7d8899"
        font.pixelSize: 11
    }

    Label { anchors { top: canvas.top; right: canvas.left; rightMargin: 8 } text: chart.points ? chart.high + "°" : "" }
    Label { anchors { bottom: canvas.bottom; right: canvas.left; rightMargin: 8 } text: chart.points ? chart.low + "°" : "" }
    Label { anchors { left: canvas.left; bottom: parent.bottom } text: chart.time(0) }
    Label { anchors { right: canvas.right; bottom: parent.bottom } text: chart.time(chart.points - 1) }

    Canvas {
        id: canvas
        anchors { fill: parent; leftMargin: 30; bottomMargin: 20 }
        onPaint: {
            const ctx = getContext("2d"), n = chart.points
            ctx.reset()
            if (n < 2)
                return
            const x = i => 2 + (width - 6) * i / (n - 1)
            const y = degrees => 2 + (height - 4) * (chart.high - degrees) / Math.max(1, chart.high - chart.low)

            ctx.lineWidth = 1
            ctx.strokeStyle = "#2a3341"
            for (const degrees of [chart.low, chart.high]) {
                ctx.beginPath()
                ctx.moveTo(0, y(degrees))
                ctx.lineTo(width, y(degrees))
                ctx.stroke()
            }

            ctx.strokeStyle = "#8793a5" // what it should have been, in steps
            ctx.setLineDash([3, 3])
            ctx.beginPath()
            ctx.moveTo(x(0), y(chart.readings[0].target))
            for (let i = 1; i < n; ++i) {
                ctx.lineTo(x(i), y(chart.readings[i - 1].target))
                ctx.lineTo(x(i), y(chart.readings[i].target))
            }
            ctx.stroke()
            ctx.setLineDash([])

            ctx.beginPath()
            ctx.moveTo(x(0), y(chart.readings[0].celsius))
            for (let i = 1; i < n; ++i)
                ctx.lineTo(x(i), y(chart.readings[i].celsius))
            ctx.lineWidth = 2
            ctx.lineJoin = "round"
            ctx.strokeStyle = chart.accent
            ctx.stroke()
            ctx.lineTo(x(n - 1), height)
            ctx.lineTo(x(0), height)
            ctx.closePath()
            ctx.globalAlpha = 0.15
            ctx.fillStyle = chart.accent
            ctx.fill()
            ctx.globalAlpha = 1
            ctx.beginPath()
            ctx.arc(x(n - 1), y(chart.readings[n - 1].celsius), 3, 0, 2 * Math.PI)
            ctx.fill()
        }
    }
}
