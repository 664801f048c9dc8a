import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import Plant

ApplicationWindow {
    id: root

    required property Thermostat thermostat // the replica: its properties are bound like any others
    required property var panel

    readonly property bool valid: thermostat.state === Thermostat.Valid
    readonly property color accent: !valid || thermostat.mode === Thermostat.Off ? "#64748b" : thermostat.heating ? "#ff8a3d" : "#4fd1c5"

    function celsius(degrees) { return degrees.toFixed(1) }

    width: 800
    height: 480
    minimumWidth: 720
    minimumHeight: 440
    visible: true
    title: "Thermostat"
    color: "#12161d"

    Connections {
        target: root.thermostat
        function onAlarm(text) { alarm.text = text }
    }
    Connections {
        target: root.panel
        function onBoostRefused() { alarm.text = "The thermostat refuses to boost." }
    }

    header: Item {
        height: 60

        Text {
            objectName: "room"
            anchors { left: parent.left; leftMargin: 24; verticalCenter: parent.verticalCenter }
            text: root.thermostat.room
            color: "#eef2f7"
            font { pixelSize: 22; weight: Font.DemiBold }
        }
        Rectangle {
            anchors { right: parent.right; rightMargin: 20; verticalCenter: parent.verticalCenter }
            width: status.width + 44
            height: 32
            radius: 16
            color: "#1b212c"
            border.color: root.valid ? "#1f5b46" : "#6b3a3a"

            Rectangle {
                x: 14
                anchors.verticalCenter: parent.verticalCenter
                width: 10
                height: 10
                radius: 5
                color: root.valid ? "#34d399" : "#f87171"
            }
            Text {
                id: status
                objectName: "status"
                x: 32
                anchors.verticalCenter: parent.verticalCenter
                width: Math.min(implicitWidth, root.width - 320)
                elide: Text.ElideRight
                text: root.valid ? "TLS 1.3, mutual  ·  " + root.panel.host : root.panel.problem || "connecting…"
                color: root.valid ? "#9fe7c8" : "#f3b4b4"
                font.pixelSize: 13
            }
        }
    }

    RowLayout {
        anchors { fill: parent; leftMargin: 20; rightMargin: 20; bottomMargin: 20 }
        spacing: 20
        enabled: root.valid
        opacity: root.valid ? 1 : 0.4

        Item {
            Layout.fillWidth: true
            Layout.fillHeight: true

            TargetDial {
                id: dial
                objectName: "dial"
                anchors.fill: parent
                value: root.thermostat.target
                celsius: root.thermostat.celsius
                accent: root.accent
                glow: root.thermostat.heating ? "#f43f5e" : "#3b82f6"
                onMoved: value => root.thermostat.pushTarget(value)
            }
            Column {
                anchors.centerIn: parent
                anchors.verticalCenterOffset: -4

                Text {
                    objectName: "state"
                    anchors.horizontalCenter: parent.horizontalCenter
                    text: !root.valid ? "" : root.thermostat.boostLeft ? "boosting" : root.thermostat.heating ? "heating" : "resting"
                    color: root.accent
                    font { pixelSize: 15; letterSpacing: 1 }
                }
                Row {
                    anchors.horizontalCenter: parent.horizontalCenter
                    Text {
                        objectName: "celsius"
                        text: root.valid ? root.celsius(root.thermostat.celsius) : "–"
                        color: "#ffffff"
                        font { pixelSize: 68; weight: Font.Light }
                    }
                    Text {
                        y: 12
                        text: "°C"
                        color: "#7d8899"
                        font.pixelSize: 22
                    }
                }
                Text {
                    objectName: "target"
                    anchors.horizontalCenter: parent.horizontalCenter
                    text: "set to " + root.celsius(dial.shown) + " °C"
                    color: "#b6c0ce"
                    font.pixelSize: 16
                }
            }
            Row {
                anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: 18 }
                spacing: 14
                Repeater {
                    model: [{ name: "colder", text: "−", by: -0.5 }, { name: "warmer", text: "+", by: 0.5 }]
                    Choice {
                        id: step
                        required property var modelData
                        objectName: modelData.name
                        width: 48
                        height: 40
                        text: modelData.text
                        font.pixelSize: 22
                        onClicked: root.thermostat.pushTarget(root.thermostat.target + step.modelData.by)
                    }
                }
            }
        }

        ColumnLayout {
            Layout.preferredWidth: 340
            Layout.maximumWidth: 340
            spacing: 14

            Card {
                heading: "Mode"
                Layout.fillWidth: true
                Layout.preferredHeight: 92
                RowLayout {
                    anchors.fill: parent
                    spacing: 8
                    Repeater {
                        model: [{ name: "Off", mode: Thermostat.Off }, { name: "Eco", mode: Thermostat.Eco }, { name: "Comfort", mode: Thermostat.Comfort }]
                        Choice {
                            id: choice
                            required property var modelData
                            objectName: "mode" + modelData.name
                            Layout.fillWidth: true
                            Layout.fillHeight: true
                            Layout.preferredWidth: 1
                            text: modelData.name
                            accent: "#2563eb"
                            checked: root.valid && root.thermostat.mode === choice.modelData.mode
                            onClicked: root.thermostat.mode = choice.modelData.mode // asks the host; it is checked when the host has agreed
                        }
                    }
                }
            }
            Card {
                heading: "Boost"
                Layout.fillWidth: true
                Layout.preferredHeight: 92
                Choice {
                    objectName: "boost"
                    anchors.fill: parent
                    accent: "#c2571a"
                    checked: root.thermostat.boostLeft > 0
                    text: checked ? "Stop, " + root.thermostat.boostLeft + " min left" : "Heat for 10 min"
                    onClicked: {
                        if (root.thermostat.boostLeft > 0)
                            root.thermostat.cancelBoost()
                        else
                            root.panel.boost(10)
                    }
                }
            }
            Card {
                heading: "Last four hours"
                Layout.fillWidth: true
                Layout.fillHeight: true
                Chart {
                    objectName: "chart"
                    anchors.fill: parent
                    readings: root.thermostat.history
                    accent: root.accent
                }
            }
        }
    }

    Rectangle {
        objectName: "alarm"

        anchors { left: parent.left; right: parent.right; bottom: parent.bottom; margins: 16 }
        visible: alarm.text !== ""
        height: 48
        radius: 12
        color: "#7f1d1d"
        border.color: "#ef4444"

        Text {
            id: alarm
            objectName: "alarmText"
            anchors { fill: parent; leftMargin: 18; rightMargin: 60 }
            verticalAlignment: Text.AlignVCenter
            elide: Text.ElideRight
            color: "#ffffff"
            font { pixelSize: 15; weight: Font.DemiBold }
        }
        Choice {
            objectName: "dismiss"
            anchors { right: parent.right; top: parent.top; bottom: parent.bottom; margins: 6 }
            width: 44
            text: "✕"
            accent: "#991b1b"
            onClicked: alarm.text = ""
        }
    }
}
