"""MedCom's messages: HospitalNotification and Acknowledgement, rule by rule."""
